# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# No spin inside a running executor, nor inside a running loop: an error that says what to write.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.task import Future

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support import network
from tests.support.elsewhere import call_elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

    Spin = Callable[[AsyncioExecutor, Node], Any]

SPINS: dict[str, Spin] = {
    "spin": lambda executor, _: executor.spin(),
    "spin_once": lambda executor, _: executor.spin_once(timeout_sec=0),
    "spin_until_future_complete": lambda executor, _: executor.spin_until_future_complete(Future()),
    "spin_once_until_future_complete": lambda executor, _: executor.spin_once_until_future_complete(
        Future()
    ),
    "rclpy.spin": lambda executor, node: rclpy.spin(node, executor),
    "rclpy.spin_once": lambda executor, node: rclpy.spin_once(node, executor=executor),
    "rclpy.spin_until_future_complete": lambda executor, node: rclpy.spin_until_future_complete(
        node, Future(), executor
    ),
}


@pytest.mark.parametrize("spin", SPINS.values(), ids=SPINS.keys())
def test_a_callback_cannot_spin_its_executor(context: Context, lone: Node, spin: Spin) -> None:
    """The spin raises inside the callback, where the mistake is, and the executor goes on."""
    raised: list[RuntimeError] = []

    def callback() -> None:
        timer.cancel()
        with pytest.raises(RuntimeError) as caught:
            spin(executor, lone)
        raised.append(caught.value)
        executor.create_task(executor.shutdown)

    timer = lone.create_timer(0.001, callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    executor.spin()
    assert "await" in str(raised[0])
    assert "spin" in str(raised[0])


@pytest.mark.parametrize("spin", SPINS.values(), ids=SPINS.keys())
def test_a_coroutine_cannot_spin_an_executor(
    run: Run, context: Context, lone: Node, spin: Spin
) -> None:
    """Inside a running loop the error names what to write instead: async with, or await."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        with pytest.raises(RuntimeError, match="async with"):
            spin(executor, lone)
        async with executor:
            with pytest.raises(RuntimeError, match=r"async with|await"):
                spin(executor, lone)

    run(main)


def test_another_thread_cannot_spin_too(run: Run, context: Context, lone: Node) -> None:
    """An executor that runs in one thread refuses to run in another."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            caught: list[BaseException] = []

            def work() -> None:
                try:
                    executor.spin_once(timeout_sec=0)
                except RuntimeError as error:
                    caught.append(error)

            call_elsewhere(work)
            assert "another thread" in str(caught[0])

    run(main)


def test_a_callback_may_spin_another_executor_of_rclpy(
    context: Context, lone: Node, make_node: MakeNode
) -> None:
    """What runs no loop may be spun anywhere, as rclpy's own code does."""
    other = make_node()
    ticks: list[str] = []
    other.create_timer(0.0, lambda: ticks.append("tick"))

    def callback() -> None:
        with rclpy.executors.SingleThreadedExecutor(context=context) as polled:
            polled.add_node(other)
            while not ticks:
                polled.spin_once(timeout_sec=1)
        executor.shutdown()

    lone.create_timer(0.001, callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    executor.spin()
    assert ticks


def test_a_callback_cannot_spin_another_executor_of_ours(context: Context, lone: Node) -> None:
    """It would run a loop in a loop; the error says what a plain callback can do."""
    executor, other = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    lone.create_timer(0.001, lambda: other.spin_once(timeout_sec=0))
    executor.add_node(lone)
    with pytest.raises(RuntimeError, match=r"in a plain callback, add .* ThreadCallbackGroup"):
        executor.spin()
    other.shutdown()
    executor.shutdown()


def test_a_spin_without_an_executor_takes_the_node_away() -> None:
    """rclpy's global executor runs the node meanwhile, and nobody does when it returns."""
    rclpy.init(args=[], domain_id=network.domain_id())
    try:
        node = Node("node", start_parameter_services=False)
        with AsyncioExecutor() as executor:
            executor.add_node(node)
            spin = executor.create_task(lambda: rclpy.spin_once(node, timeout_sec=0))
            executor.spin_until_future_complete(spin, timeout_sec=10)
            assert spin.done()
            assert executor.get_nodes() == []
        node.destroy_node()
    finally:
        rclpy.shutdown()


@pytest.mark.parametrize("in_worker", [False, True], ids=["loop", "worker"])
def test_a_plain_callback_cannot_run_a_loop(context: Context, lone: Node, in_worker: bool) -> None:
    """One runs in its thread already; in a worker thread none does."""
    came: list[object] = []

    async def coroutine() -> str:
        return "came"

    def callback() -> None:
        timer.cancel()
        loop = asyncio.new_event_loop()
        for run in (asyncio.run, loop.run_until_complete):
            awaited = coroutine()
            try:
                came.append(run(awaited))
            except RuntimeError as error:
                awaited.close()
                came.append(type(error))
        loop.close()
        executor.create_task(executor.shutdown)

    group = ThreadCallbackGroup(1) if in_worker else None
    timer = lone.create_timer(0.001, callback, callback_group=group)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    executor.spin()
    assert came == (["came", "came"] if in_worker else [RuntimeError, RuntimeError])
