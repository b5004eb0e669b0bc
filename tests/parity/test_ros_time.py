# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Timers on ROS time: /clock on, off, forward, backward and paused; and what else moves a timer.

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage

from tests.support.executors import new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode

PERIOD_SEC = 10.0
FAST_SEC = 0.002
#: A timer of this period does not call within a test.
NEVER_SEC = 1000.0


def ros_time(seconds: float) -> Time:
    """Return a time of ROS time."""
    return Time(seconds=seconds, clock_type=ClockType.ROS_TIME)


class Simulation:
    """A clock of ROS time that is set by hand, and a timer on it that counts its calls."""

    def __init__(self, node: Node, spin: Spinner, start: float) -> None:
        self.clock = Clock(clock_type=ClockType.ROS_TIME)
        self.clock._set_ros_time_is_active(True)
        self.set(start)
        self.calls = 0
        self.timer = node.create_timer(PERIOD_SEC, self.called, clock=self.clock)
        self._spin = spin
        # A timer of steady time tells that the executor has been through everything once more.
        self._rounds = 0
        node.create_timer(0.0, self._round, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _round(self) -> None:
        self._rounds += 1

    def called(self) -> None:
        """Count a call of the timer."""
        self.calls += 1

    def set(self, seconds: float) -> None:
        """Set the clock."""
        self.clock.set_ros_time_override(ros_time(seconds))

    def calls_at(self, seconds: float) -> int:
        """Set the clock, let the executor run what is ready, and return the calls that came."""
        self.set(seconds)
        return self.calls_now()

    def calls_now(self) -> int:
        """Let the executor run what is ready, and return the calls that came."""
        before, end = self.calls, self._rounds + 5
        self._spin.until(lambda: self._rounds >= end)
        return self.calls - before


@pytest.fixture
def simulation(node: Node, spin: Spinner) -> Simulation:
    """A simulation that is at 100 s: its timer calls at 110 s, 120 s and so on."""
    return Simulation(node, spin, 100)


def test_time_goes_on(simulation: Simulation) -> None:
    """The timer calls once in each period of the clock."""
    assert [simulation.calls_at(100 + seconds) for seconds in (5, 9.9, 10, 15, 20, 29, 31)] == [
        *(0, 0, 1, 0, 1, 0, 1)
    ]


def test_time_stands_still(simulation: Simulation) -> None:
    """While the clock is paused no timer calls, however often the same time is set."""
    assert [simulation.calls_at(109) for _ in range(3)] == [0, 0, 0]
    assert simulation.calls_at(110) == 1
    assert [simulation.calls_at(110) for _ in range(3)] == [0, 0, 0]


def test_a_jump_forward_is_one_call(simulation: Simulation) -> None:
    """A timer whose clock jumps over many periods calls once, and then at its old phase."""
    assert simulation.calls_at(1005) == 1
    assert simulation.calls_now() == 0
    assert simulation.calls_at(1009) == 0
    assert simulation.calls_at(1010) == 1


def test_a_jump_back_starts_a_period(simulation: Simulation) -> None:
    """A timer whose clock jumps back calls a period after the time that it jumped to."""
    assert simulation.calls_at(110) == 1
    assert simulation.calls_at(50) == 0
    assert simulation.calls_at(59) == 0
    assert simulation.calls_at(60) == 1
    assert simulation.calls_at(70) == 1


def test_ros_time_is_switched_off_and_on(node: Node, spin: Spinner) -> None:
    """A timer runs by system time while ROS time is off, and only by the clock while it is on."""
    clock = Clock(clock_type=ClockType.ROS_TIME)
    clock.set_ros_time_override(ros_time(100))
    ticks: list[int] = []
    others: list[int] = []
    node.create_timer(FAST_SEC, lambda: ticks.append(1), clock=clock)
    node.create_timer(FAST_SEC, lambda: others.append(1))
    spin.until(lambda: len(ticks) >= 2)
    clock._set_ros_time_is_active(True)
    spin.drain()
    count, end = len(ticks), len(others) + 5
    spin.until(lambda: len(others) >= end)
    assert len(ticks) == count
    clock.set_ros_time_override(ros_time(101))
    spin.until(lambda: len(ticks) == count + 1)
    clock._set_ros_time_is_active(False)
    spin.until(lambda: len(ticks) >= count + 3)


def test_another_thread_sets_the_clock(
    executor: Executor, node: Node, spin: Spinner, lone: Node
) -> None:
    """A jump wakes an executor that waits."""
    clock = Clock(clock_type=ClockType.ROS_TIME)
    clock._set_ros_time_is_active(True)
    clock.set_ros_time_override(ros_time(100))
    called = new_future(executor)
    node.create_timer(PERIOD_SEC, lambda: called.set_result(clock.now()), clock=clock)

    def jump() -> None:
        clock.set_ros_time_override(ros_time(110))

    thread = threading.Thread(target=jump)
    executor.create_task(thread.start)
    assert spin.complete(called) == ros_time(110)
    thread.join()


def test_the_clock_topic_moves_a_timer(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """A node that uses simulated time from its beginning follows /clock, also backwards."""
    node = make_node(parameter_overrides=[Parameter("use_sim_time", value=True)])
    executor.add_node(node)
    publisher = make_node().create_publisher(ClockMessage, "/clock", 10)
    clock = node.get_clock()
    calls: list[float] = []
    node.create_timer(PERIOD_SEC, lambda: calls.append(clock.now().nanoseconds / 1e9))

    def publish(seconds: float) -> None:
        publisher.publish(ClockMessage(clock=ros_time(seconds).to_msg()))
        spin.until(lambda: clock.now() == ros_time(seconds))
        spin.drain()

    for seconds in (100, 105, 110, 50, 55, 60, 60):
        publish(seconds)
    spin.until(lambda: len(calls) >= 3)
    # From 0 s, where the clock is before the first message, 100 s is a jump.
    assert calls == [100, 110, 60]


def test_simulated_time_is_a_parameter(
    executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A running node is switched to /clock and back by its parameter."""
    publisher = make_node().create_publisher(ClockMessage, "/clock", 10)
    ticks: list[int] = []
    node.create_timer(FAST_SEC, lambda: ticks.append(1))
    spin.until(lambda: len(ticks) >= 2)
    node.set_parameters([Parameter("use_sim_time", value=True)])
    publisher.publish(ClockMessage(clock=ros_time(1000).to_msg()))
    spin.until(lambda: node.get_clock().now() == ros_time(1000))
    spin.drain()
    count = len(ticks)
    publisher.publish(ClockMessage(clock=ros_time(1001).to_msg()))
    spin.until(lambda: len(ticks) == count + 1)
    node.set_parameters([Parameter("use_sim_time", value=False)])
    spin.until(lambda: len(ticks) >= count + 3)


def test_a_reset_puts_the_next_call_off(simulation: Simulation) -> None:
    """The period begins anew at the time of the reset."""
    assert simulation.calls_at(105) == 0
    simulation.timer.reset()
    assert simulation.calls_at(110) == 0
    assert simulation.calls_at(115) == 1


def test_a_cancelled_timer_does_not_call(simulation: Simulation) -> None:
    """A timer that is cancelled stays silent whatever the clock does, until it is reset."""
    simulation.timer.cancel()
    assert [simulation.calls_at(seconds) for seconds in (110, 500, 50, 70)] == [0, 0, 0, 0]
    simulation.timer.reset()
    assert simulation.calls_at(79) == 0
    assert simulation.calls_at(80) == 1


def test_a_timer_calls_once(simulation: Simulation) -> None:
    """A timer that cancels itself is a one-shot timer."""

    def callback() -> None:
        simulation.called()
        simulation.timer.cancel()

    simulation.timer.callback = callback
    assert [simulation.calls_at(seconds) for seconds in (110, 120, 130)] == [1, 0, 0]


def test_a_new_period_holds_after_the_next_call(simulation: Simulation) -> None:
    """The call that was under way comes at its old time; then the new period counts."""
    simulation.timer.timer_period_ns = 3_000_000_000
    assert simulation.calls_at(109) == 0
    assert simulation.calls_at(110) == 1
    assert simulation.calls_at(112) == 0
    assert simulation.calls_at(113) == 1


def test_a_callback_sets_the_clock(simulation: Simulation) -> None:
    """A callback of the timer that moves its own clock makes it due again."""

    def callback() -> None:
        simulation.called()
        if simulation.calls < 3:
            simulation.set(100 + 10 * (simulation.calls + 1))

    simulation.timer.callback = callback
    assert simulation.calls_at(110) == 3


def test_a_timer_goes_on_after_an_overrun(node: Node, spin: Spinner) -> None:
    """A callback that takes more than its period leaves others their turn, and is called again."""
    clock = Clock(clock_type=ClockType.ROS_TIME)
    clock._set_ros_time_is_active(True)
    clock.set_ros_time_override(ros_time(0.001))
    slow: list[float] = []
    others: list[int] = []

    def overrun() -> None:
        slow.append(clock.now().nanoseconds / 1e9)
        clock.set_ros_time_override(ros_time(slow[-1] + 2.5 * PERIOD_SEC))

    node.create_timer(PERIOD_SEC, overrun, clock=clock)
    node.create_timer(FAST_SEC, lambda: others.append(1))
    clock.set_ros_time_override(ros_time(PERIOD_SEC + 0.001))
    spin.until(lambda: len(slow) >= 4 and len(others) >= 4)


def test_a_reset_delays_no_other_timer(node: Node, spin: Spinner) -> None:
    """A timer that others reset all the time, near or far, holds up none of them."""
    steady = Clock(clock_type=ClockType.STEADY_TIME)
    far = node.create_timer(NEVER_SEC, lambda: None, clock=steady)
    near = node.create_timer(0.005, lambda: None, clock=steady)
    counts = [0, 0]

    def tick(number: int) -> None:
        counts[number] += 1
        far.reset()
        near.reset()

    node.create_timer(0.004, lambda: tick(0), clock=steady)
    node.create_timer(0.007, lambda: tick(1), clock=steady)
    spin.until(lambda: min(counts) >= 10)


def test_a_reset_on_another_thread_starts_a_timer(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """An executor that waits with no timer under way learns that one was started."""
    called = new_future(executor)

    def callback() -> None:
        timer.cancel()
        called.set_result(True)

    timer = node.create_timer(0.01, callback)
    timer.cancel()
    spin.drain()
    thread = threading.Thread(target=timer.reset)
    executor.create_task(thread.start)
    assert spin.complete(called)
    thread.join()
