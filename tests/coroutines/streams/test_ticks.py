# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Ticks as an async iterator: on each kind of clock, never more than one behind.

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import weakref
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.time import Time
from rosgraph_msgs.msg import Clock as ClockMessage

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from tests.support.elsewhere import call_elsewhere
from tests.support.ends import ON_EITHER_THREAD
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

STEADY = Clock(clock_type=ClockType.STEADY_TIME)


class Simulation:
    """A clock of ROS time that is set by hand."""

    def __init__(self, seconds: float) -> None:
        self.clock = Clock(clock_type=ClockType.ROS_TIME)
        self.clock._set_ros_time_is_active(True)
        self.set(seconds)

    def set(self, seconds: float) -> None:
        """Set the clock."""
        self.clock.set_ros_time_override(Time(seconds=seconds, clock_type=ClockType.ROS_TIME))


def timers(node: Node) -> int:
    """Count the timers of a node."""
    return len(list(node.timers))


@pytest.mark.parametrize("clock_type", [ClockType.STEADY_TIME, ClockType.SYSTEM_TIME, None])
def test_ticks_keep_their_phase(
    run: Run, context: Context, lone: Node, clock_type: ClockType | None
) -> None:
    """One for each period, on each clock; the timer is there while the stream is held."""
    clock = None if clock_type is None else Clock(clock_type=clock_type)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            times = []
            async for tick in aiorcl.ticks(lone, 0.002, clock=clock):
                assert timers(lone) == 1
                assert tick.actual_call_time >= tick.expected_call_time
                times.append(tick.expected_call_time.nanoseconds)
                if len(times) == 5:
                    break
            assert timers(lone) == 0
            for earlier, later in itertools.pairwise(times):
                # A tick that was late has its successor at the next whole period.
                assert later - earlier >= 2_000_000
                assert (later - earlier) % 2_000_000 == 0

    run(main)


def test_a_task_that_is_late_is_told_what_it_missed(run: Run, context: Context, lone: Node) -> None:
    """One tick waits for it, however many have come."""
    simulation = Simulation(100)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.ticks(lone, 10, clock=simulation.clock) as ticks:
                await turns()
                for seconds in (110, 120, 130):
                    simulation.set(seconds)
                    while lone_due(ticks) <= seconds:  # noqa: ASYNC110  # until it was called
                        await asyncio.sleep(0)
                tick = await anext(ticks)
                assert (tick.expected_call_time, tick.missed) == (at(130), 2)
                simulation.set(175)
                tick = await anext(ticks)
                assert (tick.expected_call_time, tick.missed) == (at(140), 3)
                assert tick.actual_call_time == at(175)
                simulation.set(180)
                assert await anext(ticks) == aiorcl.Tick(at(180), at(180), 0)
                simulation.set(50)
                simulation.set(60)
                assert (await anext(ticks)).missed == 0

    def at(seconds: float) -> Time:
        return Time(seconds=seconds, clock_type=ClockType.ROS_TIME)

    def lone_due(ticks: aiorcl.TickStream) -> float:
        left = ticks.timer.time_until_next_call()
        assert left is not None
        return (left + simulation.clock.now().nanoseconds) / 1e9

    run(main)


def test_what_was_missed_is_counted_in_periods_of_now(
    run: Run, context: Context, lone: Node
) -> None:
    """The period of the stream's timer may be changed; the new one holds after the next tick."""
    simulation = Simulation(100)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.ticks(lone, 1, clock=simulation.clock) as ticks:
                await turns()
                ticks.timer.timer_period_ns = 10_000_000_000
                simulation.set(101)
                assert (await anext(ticks)).missed == 0
                simulation.set(116)  # 5 s late
                assert (await anext(ticks)).missed == 0
                ticks.timer.timer_period_ns = 1_000_000_000
                simulation.set(124)  # the tick of 121
                assert (await anext(ticks)).missed == 3

    run(main)


def test_ticks_follow_the_clock_topic(run: Run, context: Context, make_node: MakeNode) -> None:
    """With use_sim_time they come when /clock says so."""
    node = make_node(parameter_overrides=[Parameter("use_sim_time", value=True)])
    sim = make_node()
    qos = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
    publisher = sim.create_publisher(ClockMessage, "/clock", qos)

    def tell(seconds: int) -> None:
        message = ClockMessage()
        message.clock.sec = seconds
        publisher.publish(message)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            executor.add_node(sim)
            await aiorcl.subscribers_ready(publisher)
            tell(100)
            while node.get_clock().now().nanoseconds == 0:  # noqa: ASYNC110
                await asyncio.sleep(0)
            async with aiorcl.ticks(node, 10.0) as ticks:
                tell(109)
                waiting = asyncio.ensure_future(anext(ticks))
                while node.get_clock().now().nanoseconds < 109 * 10**9:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                await turns()
                assert not waiting.done()
                tell(110)
                assert (await waiting).expected_call_time.nanoseconds == 110 * 10**9

    run(main)


def test_ticks_are_cancelled_at_every_point(run: Run, context: Context, lone: Node) -> None:
    """No timer is left."""

    async def once() -> None:
        async for _ in aiorcl.ticks(lone, 0.001, clock=STEADY):
            break

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            def left() -> object:
                return timers(lone), len(executor._followers)

            assert await cancel_everywhere(once, left) >= 2

    run(main)


@pytest.mark.parametrize("way", ["close", "destroy", "destroy_node", "context"])
def test_ticks_end(run: Run, context: Context, lone: Node, way: str) -> None:
    """The iteration ends with the timer, the node and the context."""

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(lone)
            ticks = aiorcl.ticks(lone, 1000.0)
            waiting = asyncio.ensure_future(anext(ticks, None))
            await turns()
            {
                "close": ticks.close,
                "destroy": lambda: lone.destroy_timer(ticks.timer),
                "destroy_node": lone.destroy_node,
                "context": context.shutdown,
            }[way]()
            assert await waiting is None

    run(main)


@pytest.mark.parametrize("period", [-1.0, float("inf"), float("nan"), Decimal("nan"), 2**64])
def test_a_period_must_be_one(lone: Node, period: Any) -> None:
    """A period that cannot be is refused where it is asked for."""
    with pytest.raises(ValueError, match="period"):
        aiorcl.ticks(lone, period)


@pytest.mark.parametrize("period", [np.float32(0.5), np.int64(2), Decimal("0.5"), Fraction(1, 2)])
def test_a_period_is_a_number_of_any_kind(lone: Node, period: Any) -> None:
    """As for ``create_timer``."""
    assert f"{float(period)} s" in repr(aiorcl.ticks(lone, period))


@ON_EITHER_THREAD
def test_the_ticks_of_a_clock_end_with_its_node(
    run: Run, context: Context, lone: Node, make_node: MakeNode, thread: bool
) -> None:
    """Nobody sets the clock any more: whoever waits for a tick goes on, and nobody begins to."""
    simulated = [Parameter("use_sim_time", value=True)]
    other = make_node(parameter_overrides=simulated)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            stream = aiorcl.ticks(lone, 1.0, clock=other.get_clock())
            async with stream:
                waiting = asyncio.ensure_future(anext(stream, None))
                await turns()
                if thread:
                    call_elsewhere(other.destroy_node)
                else:
                    other.destroy_node()
                assert await waiting is None
            with pytest.raises(EntityGoneError, match="was destroyed"):
                await anext(aiorcl.ticks(lone, 1.0, clock=other.get_clock()))

    run(main)


def test_a_stream_of_ticks_leaves_nothing_on_the_clock(
    run: Run, context: Context, lone: Node
) -> None:
    """Closed it hears of the end of its clock no more, and goes."""
    clock = Clock(clock_type=ClockType.STEADY_TIME)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.ticks(lone, 0.0, clock=clock) as stream:
                await anext(stream)
                feed = weakref.ref(stream._opened())
            del stream
            await turns()
            gc.collect()
            assert feed() is None

    run(main)
