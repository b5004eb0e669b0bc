# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# AsyncioClock: sleeps of asyncio tasks on clocks of rclpy, on each kind of loop.

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import rclpy.exceptions
from rclpy.clock import Clock, ROSClock
from rclpy.clock_type import ClockType
from rclpy.duration import Duration, Infinite
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage

from aiorcl import AsyncioClock, AsyncioExecutor, EntityGoneError, TimeSourceChangedError, _core
from tests.support.counters import assert_collected, open_fds
from tests.support.ends import ON_EITHER_THREAD
from tests.support.loops import LOOPS
from tests.support.turns import turns

if TYPE_CHECKING:
    from rclpy.context import Context

    from tests.support.makers import MakeNode, Run

HOUR = Duration(seconds=3600)
CLOCK_TYPES = (ClockType.STEADY_TIME, ClockType.SYSTEM_TIME, ClockType.ROS_TIME)


def ros_time(seconds: float) -> Time:
    """Return a time of ROS time."""
    return Time(seconds=seconds, clock_type=ClockType.ROS_TIME)


def alarms() -> list[_core.Alarm]:
    """Find the alarms that exist."""
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, _core.Alarm)]


@pytest.fixture
def ros_clock() -> ROSClock:
    """A clock of ROS time that is at 100 s and stands still."""
    clock = Clock(clock_type=ClockType.ROS_TIME)
    clock._set_ros_time_is_active(True)
    clock.set_ros_time_override(ros_time(100))
    return clock


@pytest.mark.parametrize("clock_type", CLOCK_TYPES, ids=lambda each: each.name)
def test_a_sleep_lasts_as_long_as_it_says(run: Run, clock_type: ClockType) -> None:
    """A sleep ends by itself and not early, on every type of clock."""
    clock = AsyncioClock(Clock(clock_type=clock_type))

    async def main() -> None:
        for _ in range(3):
            start = clock.now()
            await clock.sleep_for_async(Duration(nanoseconds=2_000_000))
            assert clock.now() - start >= Duration(nanoseconds=2_000_000)
            until = clock.now() + Duration(nanoseconds=2_000_000)
            await clock.sleep_until_async(until)
            assert clock.now() >= until

    run(main)


def test_sleeps_end_in_the_order_of_their_times(run: Run) -> None:
    """Several tasks sleep on one clock; each is woken at its own time."""
    clock = AsyncioClock(Clock(clock_type=ClockType.STEADY_TIME))
    ended: list[int] = []

    async def main() -> None:
        start = clock.now()

        async def sleep(milliseconds: int) -> None:
            await clock.sleep_until_async(start + Duration(nanoseconds=milliseconds * 1_000_000))
            ended.append(milliseconds)

        await asyncio.gather(*map(sleep, (60, 20, 40)))

    run(main)
    assert ended == [20, 40, 60]


@pytest.mark.parametrize("seconds", [0, -1])
def test_what_has_passed_lets_the_loop_turn(run: Run, seconds: int) -> None:
    """A sleep of no length is one turn of the loop, as that of asyncio."""
    clock = AsyncioClock(Clock(clock_type=ClockType.STEADY_TIME))
    turned: list[bool] = []

    async def main() -> None:
        asyncio.get_running_loop().call_soon(turned.append, True)
        await clock.sleep_for_async(Duration(seconds=seconds))
        assert turned == [True]

    run(main)


def test_a_jump_wakes_whoever_it_passes(run: Run, ros_clock: ROSClock) -> None:
    """A jump forward wakes the sleepers whose time has come, and a jump back wakes none."""
    clock = AsyncioClock(ros_clock)
    assert clock.now() == ros_time(100)

    async def main() -> None:
        near, far, further = (
            asyncio.create_task(clock.sleep_until_async(ros_time(seconds)))
            for seconds in (110, 120, 500)
        )
        await turns()
        ros_clock.set_ros_time_override(ros_time(109))
        ros_clock.set_ros_time_override(ros_time(50))
        await turns()
        assert not near.done()
        ros_clock.set_ros_time_override(ros_time(110))
        await near
        assert not far.done()
        ros_clock.set_ros_time_override(ros_time(300))
        await far
        assert not further.done()
        further.cancel()

    run(main)


def test_a_duration_counts_on_the_clock(run: Run, ros_clock: ROSClock) -> None:
    """sleep_for_async ends when the clock has gone on by the duration, however long that takes."""
    clock = AsyncioClock(ros_clock)

    async def main() -> None:
        sleep = asyncio.create_task(clock.sleep_for_async(HOUR))
        await turns()
        ros_clock.set_ros_time_override(ros_time(3699))
        await turns()
        assert not sleep.done()
        ros_clock.set_ros_time_override(ros_time(3700))
        await sleep

    run(main)


def test_a_duration_that_no_clock_can_show(run: Run) -> None:
    """It is refused as rclpy's sleep_for() does it."""
    clock = AsyncioClock(Clock(clock_type=ClockType.STEADY_TIME))
    with pytest.raises(OverflowError):
        run(lambda: clock.sleep_for_async(Infinite))


def test_another_thread_sets_the_clock(run: Run, ros_clock: ROSClock) -> None:
    """A jump reaches a loop that sleeps in its selector."""
    clock = AsyncioClock(ros_clock)
    may_jump = threading.Event()

    def jump() -> None:
        may_jump.wait()
        ros_clock.set_ros_time_override(ros_time(200))

    thread = threading.Thread(target=jump)
    thread.start()

    async def main() -> None:
        asyncio.get_running_loop().call_soon(may_jump.set)
        await clock.sleep_until_async(ros_time(200))

    run(main)
    thread.join()


@pytest.mark.parametrize("active", [True, False])
def test_a_sleep_ends_when_ros_time_is_switched(run: Run, active: bool) -> None:
    """Whoever sleeps while ROS time is switched on or off gets an error, also if it is undone."""
    ros_clock = Clock(clock_type=ClockType.ROS_TIME)
    ros_clock._set_ros_time_is_active(not active)
    clock = AsyncioClock(ros_clock)

    async def main() -> None:
        sleeps = [asyncio.create_task(clock.sleep_for_async(HOUR)) for _ in range(3)]
        await turns()
        ros_clock._set_ros_time_is_active(active)
        ros_clock._set_ros_time_is_active(not active)
        for sleep in sleeps:
            with pytest.raises(TimeSourceChangedError, match="switched on or off"):
                await sleep

    run(main)


def test_the_error_is_that_of_rclpy() -> None:
    """Where rclpy has an error for this, ours is one."""
    of_rclpy = getattr(rclpy.exceptions, "TimeSourceChangedError", RuntimeError)
    assert issubclass(TimeSourceChangedError, of_rclpy)


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
def test_a_loop_is_closed_during_a_sleep(
    make_loop: Callable[[], asyncio.AbstractEventLoop], ros_clock: ROSClock
) -> None:
    """Nothing keeps the loop, nor the task: the clock, which goes on, least of all."""

    def once() -> weakref.ref[asyncio.Task[None]]:
        loop = make_loop()
        loop.set_exception_handler(lambda *_: None)  # asyncio tells of the task
        task = loop.create_task(AsyncioClock(ros_clock).sleep_for_async(HOUR))
        loop.run_until_complete(turns())
        loop.close()
        return weakref.ref(task)

    assert_collected(once)
    assert alarms() == []


@pytest.mark.parametrize("collects", [False, True])
def test_the_loop_keeps_a_task_that_sleeps(
    run: Run, ros_clock: ROSClock, *, collects: bool
) -> None:
    """As under asyncio.sleep(): a task that nobody else holds wakes up."""

    async def main() -> None:
        woken = asyncio.Event()

        async def sleep() -> None:
            await AsyncioClock(ros_clock).sleep_until_async(ros_time(101))
            woken.set()

        asyncio.get_running_loop().create_task(sleep())  # that is the test
        await turns()
        if collects:
            gc.collect()
        ros_clock.set_ros_time_override(ros_time(101))
        await woken.wait()

    run(main)


@pytest.mark.parametrize("clock_type", CLOCK_TYPES, ids=lambda each: each.name)
def test_a_cancelled_sleep_leaves_nothing(run: Run, clock_type: ClockType) -> None:
    """A sleep that is cancelled closes its alarm, which watches its clock no more."""
    clock = AsyncioClock(Clock(clock_type=clock_type))

    async def main() -> None:
        sleep = asyncio.create_task(clock.sleep_for_async(HOUR))
        await turns()
        (alarm,) = alarms()
        assert not alarm.closed
        sleep.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleep
        assert alarm.closed

    run(main)


def test_a_loop_takes_its_alarms_along(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """What a loop needs for its sleepers is given back with the loop."""
    clock = AsyncioClock(Clock(clock_type=ClockType.STEADY_TIME))
    gc.collect()
    before = open_fds()
    for _ in range(3):
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(clock.sleep_for_async(Duration(nanoseconds=1000)))
        del runner
    gc.collect()
    assert open_fds() == before


def test_a_time_of_another_type_is_refused(run: Run, ros_clock: ROSClock) -> None:
    """A time of another clock cannot be waited for."""
    clock = AsyncioClock(ros_clock)
    assert clock.clock is ros_clock
    assert clock.clock_type == ClockType.ROS_TIME
    steady = Clock(clock_type=ClockType.STEADY_TIME)

    async def main() -> None:
        with pytest.raises(ValueError, match="A time of ROS_TIME was expected"):
            await clock.sleep_until_async(steady.now())

    run(main)


@ON_EITHER_THREAD
@pytest.mark.parametrize("served", [False, True], ids=["alone", "served"])
@pytest.mark.parametrize("simulated", [False, True], ids=["real", "simulated"])
def test_a_sleep_ends_with_the_node_whose_clock_it_is(
    run: Run, context: Context, make_node: MakeNode, simulated: bool, served: bool, thread: bool
) -> None:
    """Whoever sleeps is told, and who begins to; to be taken from an executor ends nothing."""
    node = make_node(parameter_overrides=[Parameter("use_sim_time", value=simulated)])
    other, name = make_node(), node.get_name()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            if served:
                executor.add_node(node)
            clock = AsyncioClock(node.get_clock())
            sleeping = [asyncio.ensure_future(clock.sleep_for_async(HOUR)) for _ in range(2)]
            elsewhere = asyncio.ensure_future(AsyncioClock(other.get_clock()).sleep_for_async(HOUR))
            await turns()
            executor.remove_node(node)
            sleeping[0].cancel()
            await turns()
            assert not sleeping[1].done()
            if thread:
                await asyncio.to_thread(node.destroy_node)
            else:
                node.destroy_node()
            with pytest.raises(EntityGoneError, match=name):
                await sleeping[1]
            with pytest.raises(EntityGoneError, match="destroyed"):
                await clock.sleep_for_async(HOUR)
            assert not elsewhere.done()
            elsewhere.cancel()

    run(main)


def test_the_clock_topic_wakes_sleepers(run: Run, context: Context, make_node: MakeNode) -> None:
    """A node that uses simulated time sleeps by /clock, which its executor brings."""

    async def main() -> None:
        simulated = Parameter("use_sim_time", value=True)
        node = make_node(parameter_overrides=[simulated])
        qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
        publisher = make_node().create_publisher(ClockMessage, "/clock", qos)
        clock = AsyncioClock(node.get_clock())
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            sleep = asyncio.create_task(clock.sleep_until_async(ros_time(7)))
            for seconds in (5, 6, 7):
                publisher.publish(ClockMessage(clock=ros_time(seconds).to_msg()))
            await sleep
            assert clock.now() == ros_time(7)

    run(main)


def test_a_callback_sleeps(run: Run, context: Context, make_node: MakeNode) -> None:
    """A coroutine callback sleeps on the clock of its node, and is cancelled with the executor."""
    steps: list[str] = []

    async def main() -> None:
        node = make_node()
        clock = AsyncioClock(node.get_clock())
        slept = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            await clock.sleep_for_async(Duration(nanoseconds=1_000_000))
            steps.append("slept")
            slept.set()
            try:
                await clock.sleep_for_async(HOUR)
            except asyncio.CancelledError:
                steps.append("cancelled")
                raise

        timer = node.create_timer(0.001, callback)  # type: ignore[arg-type]
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            await slept.wait()
            await turns()

    run(main)
    assert steps == ["slept", "cancelled"]
