# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Timers: when they call, and what cancel, reset and a new period do.

from __future__ import annotations

import inspect
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.timer import Timer
from std_msgs.msg import Int64

from tests.support.executors import breaks, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode

FAST_SEC = 0.002
#: A timer of this period does not call within a test.
NEVER_SEC = 1000.0
ASKS = "asks every callback for its signature"


class Ticks:
    """Counts calls, and notes when they were."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self) -> None:
        self.times.append(time.monotonic())

    @property
    def count(self) -> int:
        """The number of calls so far."""
        return len(self.times)


@pytest.mark.parametrize("clock_type", [ClockType.STEADY_TIME, ClockType.SYSTEM_TIME])
def test_a_timer_calls_again_and_again(node: Node, spin: Spinner, clock_type: ClockType) -> None:
    """A timer calls once for each period that has passed, and never early."""
    ticks = Ticks()
    start = time.monotonic()
    node.create_timer(0.01, ticks, clock=Clock(clock_type=clock_type))
    spin.until(lambda: ticks.count == 5)
    # The two clocks may drift apart a little while the test runs.
    assert ticks.times[0] - start > 0.0099
    assert ticks.times[4] - start > 0.0495


def test_a_timer_of_the_node_clock_calls(node: Node, spin: Spinner) -> None:
    """A timer on ROS time follows system time while there is no simulated time."""
    ticks = Ticks()
    timer = node.create_timer(FAST_SEC, ticks)
    assert timer.clock.clock_type == ClockType.ROS_TIME
    spin.until(lambda: ticks.count == 3)


def test_timers_call_in_the_order_of_their_times(node: Node, spin: Spinner) -> None:
    """Timers that come due one after the other call in that order."""
    order: list[int] = []
    clock = Clock(clock_type=ClockType.STEADY_TIME)
    for period_ms in (300, 100, 200):  # far apart, also where they are made on a busy machine
        node.create_timer(period_ms / 1000, partial(order.append, period_ms), clock=clock)
    spin.until(lambda: 300 in order)
    assert order.index(100) < order.index(200) < order.index(300)


def test_a_late_timer_calls_once(node: Node, spin: Spinner) -> None:
    """However many periods a timer is late, one call makes up for all of them."""
    ticks = Ticks()
    node.create_timer(0.2, ticks, clock=Clock(clock_type=ClockType.STEADY_TIME))
    time.sleep(0.9)  # the work that makes the timer late
    spin.drain()
    assert ticks.count == 1


def test_a_cancelled_timer_does_not_call(node: Node, spin: Spinner) -> None:
    """A timer that cancels itself has made its last call, until it is reset."""
    ticks = Ticks()

    def callback() -> None:
        ticks()
        timer.cancel()

    timer = node.create_timer(FAST_SEC, callback)
    others = Ticks()
    node.create_timer(FAST_SEC, others)
    spin.until(lambda: others.count == 5)
    assert timer.is_canceled()
    assert ticks.count == 1


def test_a_timer_cancelled_while_ready_does_not_call(node: Node, spin: Spinner) -> None:
    """Of two timers that are ready the one that calls first cancels the other."""
    order: list[int] = []
    timers: list[Timer] = []

    def callback(number: int) -> None:
        order.append(number)
        timers[1 - number].cancel()

    clock = Clock(clock_type=ClockType.STEADY_TIME)
    timers += [
        node.create_timer(0.01, partial(callback, number), clock=clock) for number in range(2)
    ]
    time.sleep(0.02)  # the work after which both are ready
    spin.until(lambda: len(order) == 3)
    assert len(set(order)) == 1


def test_a_reset_timer_calls_again(node: Node, spin: Spinner) -> None:
    """Reset starts a cancelled timer anew."""
    ticks = Ticks()
    timer = node.create_timer(FAST_SEC, ticks)
    spin.until(lambda: ticks.count == 1)
    timer.cancel()
    spin.drain()
    timer.reset()
    count = ticks.count
    spin.until(lambda: ticks.count == count + 2)


def test_a_timer_is_reset_inside_a_callback(node: Node, spin: Spinner) -> None:
    """A callback may start a timer that was cancelled."""
    late = Ticks()
    timer = node.create_timer(FAST_SEC, late)
    timer.cancel()
    spin.drain()

    def start() -> None:
        timer.reset()
        starter.cancel()

    starter = node.create_timer(FAST_SEC, start)
    spin.until(lambda: late.count == 2)


def test_a_reset_puts_the_next_call_off(node: Node, spin: Spinner) -> None:
    """A timer that is reset before each of its periods is over does not call."""
    ticks = Ticks()
    clock = Clock(clock_type=ClockType.STEADY_TIME)
    timer = node.create_timer(0.5, ticks, clock=clock)
    resets = Ticks()

    def postpone() -> None:
        resets()
        timer.reset()

    start = time.monotonic()
    node.create_timer(0.1, postpone, clock=clock)
    spin.until(lambda: resets.count == 8)
    if time.monotonic() - start < 1.0:  # no reset came late
        assert ticks.count == 0


def test_a_timer_without_autostart_waits_for_reset(node: Node, spin: Spinner) -> None:
    """A timer that is not started does not call before it is reset."""
    ticks, others = Ticks(), Ticks()
    timer = node.create_timer(FAST_SEC, ticks, autostart=False)
    node.create_timer(FAST_SEC, others)
    spin.until(lambda: others.count == 3)
    assert ticks.count == 0
    timer.reset()
    spin.until(lambda: ticks.count == 2)


def test_a_longer_period_holds_after_the_next_call(node: Node, spin: Spinner) -> None:
    """The call that was under way when the period changed still comes at its old time."""
    ticks, others = Ticks(), Ticks()
    timer = node.create_timer(0.02, ticks, clock=Clock(clock_type=ClockType.STEADY_TIME))
    timer.timer_period_ns = int(NEVER_SEC * 1e9)
    spin.until(lambda: ticks.count == 1)
    node.create_timer(0.02, others)
    spin.until(lambda: others.count == 3)
    assert ticks.count == 1
    assert (timer.time_until_next_call() or 0) > 0.9 * NEVER_SEC * 1e9


def test_a_shorter_period_holds_after_the_next_call(node: Node, spin: Spinner) -> None:
    """A timer whose callback makes its period shorter calls at the new rate from then on."""
    ticks = Ticks()

    def callback() -> None:
        ticks()
        timer.timer_period_ns = int(FAST_SEC * 1e9)

    timer = node.create_timer(0.05, callback)
    spin.until(lambda: ticks.count == 5)
    assert timer.timer_period_ns == int(FAST_SEC * 1e9)


def test_a_timer_is_made_in_a_callback(node: Node, spin: Spinner) -> None:
    """A timer that a callback makes is watched at once."""
    ticks = Ticks()

    def callback() -> None:
        first.cancel()
        node.create_timer(FAST_SEC, ticks)

    first = node.create_timer(FAST_SEC, callback)
    spin.until(lambda: ticks.count == 2)


@breaks(events="may have counted a second call by then")
def test_a_timer_destroys_itself(node: Node, spin: Spinner) -> None:
    """A timer that its callback destroys does not call again; others do."""
    ticks, others = Ticks(), Ticks()

    def callback() -> None:
        ticks()
        node.destroy_timer(timer)

    timer = node.create_timer(FAST_SEC, callback)
    node.create_timer(FAST_SEC, others)
    spin.until(lambda: others.count == 5)
    assert ticks.count == 1


def test_a_timer_from_before_add_node_calls(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """A timer that was due before its node was added calls when it is."""
    node = make_node()
    ticks = Ticks()
    node.create_timer(FAST_SEC, ticks)
    executor.add_node(node)
    spin.until(lambda: ticks.count == 2)


def test_a_coroutine_is_a_timer_callback(executor: Executor, node: Node, spin: Spinner) -> None:
    """A coroutine callback may wait, here for a message, between two calls of other timers."""
    steps: list[str] = []
    arrived = new_future(executor)
    group = ReentrantCallbackGroup()  # rclpy's default group would hold the message back
    node.create_subscription(Int64, "topic", arrived.set_result, 10, callback_group=group)
    publisher = node.create_publisher(Int64, "topic", 10)

    async def callback() -> None:
        timer.cancel()
        if steps:
            return  # EventsExecutor may have counted a second call by then
        publisher.publish(Int64(data=8))
        steps.append("published")
        steps.append(f"got {(await arrived).data}")

    timer = node.create_timer(FAST_SEC, callback, callback_group=group)  # type: ignore[arg-type]
    node.create_timer(FAST_SEC, lambda: None, callback_group=group)
    spin.until(lambda: len(steps) == 2)
    assert steps == ["published", "got 8"]


def test_a_zero_period_does_not_starve_a_subscription(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """A timer that is always ready leaves other entities their turn."""
    ticks = Ticks()
    node.create_timer(0.0, ticks)
    arrived = new_future(executor)
    node.create_subscription(Int64, "topic", arrived.set_result, 10)
    node.create_publisher(Int64, "topic", 10).publish(Int64(data=1))
    assert spin.complete(arrived).data == 1
    spin.until(lambda: ticks.count >= 3)


@pytest.mark.parametrize("kind", ["function", "coroutine"])
def test_a_timer_callback_may_be_replaced(node: Node, spin: Spinner, kind: str) -> None:
    """The call goes to the callback that the timer has when it is due."""
    new: list[str] = []

    async def coroutine() -> None:
        new.append("coroutine")

    ticks = Ticks()
    timer = node.create_timer(FAST_SEC, ticks)
    spin.until(lambda: ticks.count == 1)
    timer.callback = coroutine if kind == "coroutine" else lambda: new.append("function")  # type: ignore[assignment]
    spin.until(lambda: len(new) == 2)
    assert new == [kind] * 2
    assert inspect.iscoroutinefunction(timer.callback) is (kind == "coroutine")


@lacks(single_kilted=ASKS, events_kilted=ASKS)
def test_a_callback_without_a_signature(node: Node, spin: Spinner) -> None:
    """A function of C that does not tell its parameters is called without any."""
    called: dict[str, int] = {}
    node.create_timer(0.001, called.update)
    ticks: list[int] = []
    node.create_timer(0.003, lambda: ticks.append(0))
    spin.until(lambda: len(ticks) > 3)
