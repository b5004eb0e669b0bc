# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# TimerInfo, which rclpy recognises by an annotation: this file must not postpone annotations.

import pytest
import rclpy.timer
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node

from tests.support.spinner import Spinner

if not hasattr(rclpy.timer, "TimerInfo"):
    pytest.skip("rclpy has TimerInfo since Kilted", allow_module_level=True)
from rclpy.timer import TimerInfo


def test_a_callback_that_wants_it_gets_the_timer_info(node: Node, spin: Spinner) -> None:
    """A parameter that is annotated with TimerInfo, whatever its name, is filled in."""
    infos: list[TimerInfo] = []

    def callback(about: TimerInfo) -> None:
        infos.append(about)

    node.create_timer(0.002, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))
    spin.until(lambda: len(infos) == 2)
    for info in infos:
        assert info.actual_call_time.clock_type == ClockType.STEADY_TIME
        assert info.actual_call_time >= info.expected_call_time
    assert infos[1].expected_call_time > infos[0].expected_call_time
