# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What old versions of rclpy lack: rclpy's own where it is there, else ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rclpy.timer
from rclpy.time import Time

if TYPE_CHECKING:
    from rclpy.clock_type import ClockType
    from rclpy.timer import TimerInfo


class _TimerInfo:
    """As rclpy's TimerInfo, for timers of our own."""

    def __init__(
        self, *, expected_call_time: int, actual_call_time: int, clock_type: ClockType
    ) -> None:
        self.expected_call_time = Time(nanoseconds=expected_call_time, clock_type=clock_type)
        self.actual_call_time = Time(nanoseconds=actual_call_time, clock_type=clock_type)


if not TYPE_CHECKING:  # Jazzy has none
    TimerInfo = getattr(rclpy.timer, "TimerInfo", _TimerInfo)

__all__ = ["TimerInfo"]
