# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Cleanups sleep on simulated time: it goes on while they do, and ends a sleep if it stands still.

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock

from aiorcl import AsyncioClock, AsyncioExecutor, EntityGoneError, subscribers_ready
from aiorcl._serving import stopped_clocks
from tests.support.elsewhere import Elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 10.0


class Simulation:
    """Publishes ``/clock`` by a node that is on no executor."""

    def __init__(self, node: Node) -> None:
        self.publisher = node.create_publisher(Clock, "/clock", 10)
        self._now = Clock()

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


def test_a_clock_that_stands_still(
    run: Run, context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody publishes it any more: a timer of the executor that ends has, say."""
    monkeypatch.setattr(stopped_clocks, "_PATIENCE_SEC", 0.0)
    node = make_node()
    follow_clock(node)
    simulation = Simulation(node)

    async def main() -> None:
        begun = asyncio.Event()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            await subscribers_ready(simulation.publisher)
            simulation.advance()
            executor.create_task(sleep_in_cleanup, node, begun)
            await begun.wait()

    with pytest.raises(EntityGoneError, match="stands still"):
        run(main)


def test_a_clock_that_stands_still_for_a_task_of_the_users_own(
    context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The executor ends those on its own loop after its coroutines."""
    monkeypatch.setattr(stopped_clocks, "_PATIENCE_SEC", 0.0)
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
