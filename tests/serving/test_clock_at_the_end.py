# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Cleanups sleep on simulated time: it goes on while they do, and ends a sleep if it stands still.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import pytest
from rclpy.clock import Clock, ROSClock
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock as ClockMessage

from aiorcl import AsyncioClock, AsyncioExecutor, EntityGoneError, subscribers_ready
from aiorcl._serving import stopped_clocks
from tests.support.elsewhere import Elsewhere
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 10.0


class Simulation:
    """Publishes ``/clock`` by a node that is on no executor."""

    def __init__(self, node: Node) -> None:
        self.publisher = node.create_publisher(ClockMessage, "/clock", 10)
        self._now = ClockMessage()

    def advance(self) -> None:
        """Let a second pass."""
        self._now.clock.sec += 1
        self.publisher.publish(self._now)


def follow_clock(node: Node) -> None:
    """Let the node have simulated time."""
    node.set_parameters([Parameter("use_sim_time", value=True)])


async def sleep_in_cleanup(node: Node, begun: asyncio.Event | threading.Event) -> None:
    """Sleep for a second when the end comes."""
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        async with asyncio.timeout(DEADLINE_SEC):
            await AsyncioClock(node.get_clock()).sleep_for_async(Duration(seconds=1))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not move between two looks stands still."""
    monkeypatch.setattr(stopped_clocks, "_PATIENCE_SEC", 0.0)


def test_a_clock_that_goes_on(context: Context, make_node: MakeNode) -> None:
    """The end lets go of what sets it when the coroutines have ended."""
    node, begun = make_node(), threading.Event()
    follow_clock(node)
    simulation = Simulation(make_node())
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    with Elsewhere(executor):
        task = executor.create_task(sleep_in_cleanup, node, begun)
        assert begun.wait(DEADLINE_SEC)
        executor.shutdown(0)
        while not task.done():
            simulation.advance()
    assert task.cancelled()


def test_a_clock_that_goes_on_in_a_block(run: Run, context: Context, make_node: MakeNode) -> None:
    """The same at the end of async with."""
    node = make_node()
    follow_clock(node)
    simulation = Simulation(make_node())

    async def tick() -> None:
        while True:
            simulation.advance()
            await asyncio.sleep(0)

    async def main() -> None:
        begun = asyncio.Event()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            task = executor.create_task(sleep_in_cleanup, node, begun)
            await begun.wait()
            ticking = asyncio.create_task(tick())
        assert task.cancelled()
        ticking.cancel()

    run(main)


class NewerClock(Clock):
    """What a node has from rclpy 10 on: a clock of ROS time that is no ROSClock."""

    def __new__(cls) -> NewerClock:
        return object.__new__(cls)

    def __init__(self) -> None:
        # Kilted's and Jazzy's clocks are what their __new__ makes.
        vars(self).update(vars(Clock(clock_type=ClockType.ROS_TIME)))

    @property
    def ros_time_is_active(self) -> bool:
        """Tell whether it is set by somebody."""
        with self.handle:
            return self.handle.get_ros_time_override_is_enabled()


async def publish_once(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish the clock for the last time: a timer of the executor that ends has, say."""
    follow_clock(node)
    simulation = Simulation(node)
    await subscribers_ready(simulation.publisher)
    simulation.advance()


async def set_clock_of_newer_rclpy(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what class it is matters as little as who has set it."""
    clock = NewerClock()
    assert not isinstance(clock, ROSClock)
    with clock.handle:
        clock.handle.set_ros_time_override_is_enabled(True)
    monkeypatch.setattr(node, "_clock", clock)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("set_clock", [publish_once, set_clock_of_newer_rclpy])
def test_a_clock_that_stands_still(
    run: Run,
    context: Context,
    lone: Node,
    monkeypatch: pytest.MonkeyPatch,
    set_clock: Callable[[Node, pytest.MonkeyPatch], Awaitable[None]],
) -> None:
    """Nobody sets it any more: what sleeps on it in its cleanup would sleep for ever."""

    async def main() -> None:
        begun = asyncio.Event()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await set_clock(lone, monkeypatch)
            executor.create_task(sleep_in_cleanup, lone, begun)
            await begun.wait()

    with pytest.raises(EntityGoneError, match="stands still"):
        run(main)


@pytest.mark.usefixtures("impatient")
def test_a_clock_that_stands_still_for_a_task_of_the_users_own(
    context: Context, make_node: MakeNode
) -> None:
    """The executor ends those on its own loop after its coroutines."""
    node, begun, tasks = make_node(), threading.Event(), list[asyncio.Task[None]]()
    follow_clock(node)
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    with Elsewhere(executor):
        start = asyncio.create_task
        executor.create_task(lambda: tasks.append(start(sleep_in_cleanup(node, begun))))
        assert begun.wait(DEADLINE_SEC)
    with pytest.raises(EntityGoneError, match="stands still"):
        tasks[0].result()


@pytest.mark.usefixtures("impatient")
def test_a_clock_of_a_node_that_was_removed(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """Nobody sets it any more, whoever publishes; that has begun the cleanup."""
    node = make_node()
    follow_clock(node)

    async def main() -> None:
        begun = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            await sleep_in_cleanup(node, begun)

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            timer = node.create_timer(0.0, callback, clock=steady)  # type: ignore[arg-type]
            await begun.wait()
            executor.remove_node(node)

    with pytest.raises(EntityGoneError, match="stands still"):
        run(main)


@pytest.mark.usefixtures("impatient")
def test_another_executor_of_the_loop_sleeps_on(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """On the clock of a node that is on none, as what is ended does: it does not end."""
    node = make_node()
    follow_clock(node)

    async def sleep(begun: asyncio.Event) -> None:
        begun.set()
        await AsyncioClock(node.get_clock()).sleep_for_async(Duration(seconds=1))

    async def end_one() -> None:
        begun = asyncio.Event()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            executor.remove_node(node)
            executor.create_task(sleep_in_cleanup, node, begun)
            await begun.wait()

    async def main() -> None:
        sleeps = asyncio.Event()
        async with AsyncioExecutor(context=context) as other:
            sleeping = other.create_task(sleep, sleeps)
            await sleeps.wait()
            with pytest.raises(EntityGoneError, match="stands still"):
                await end_one()
            await turns()
            assert not sleeping.done()

    run(main)
