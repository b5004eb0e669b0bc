# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What is safe from any thread: each such method, called on the loop's thread and on another.

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

    #: Calls a function on the thread under test, and returns what it returned.
    Call = Callable[[Callable[[], Any]], Any]


async def here(function: Callable[[], Any]) -> Any:
    """Call on the loop's thread."""
    return function()


PLACES = [pytest.param(here, id="loop"), pytest.param(asyncio.to_thread, id="thread")]


@pytest.mark.parametrize("place", PLACES)
def test_create_task(run: Run, context: Context, place: Any) -> None:
    """A task that any thread makes runs on the loop's thread."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            task = await place(lambda: executor.create_task(threading.get_ident))
            assert await task == threading.get_ident()

    run(main)


@pytest.mark.parametrize("place", PLACES)
def test_cancel(run: Run, context: Context, place: Any) -> None:
    """A task may be cancelled by any thread."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(executor.wait_for_shutdown)
            await asyncio.sleep(0)
            await place(task.cancel)
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main)


@pytest.mark.parametrize("place", PLACES)
def test_set_result(run: Run, context: Context, place: Any) -> None:
    """A future may be completed by any thread."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            future = executor.create_future()
            waiting = asyncio.ensure_future(future)
            await asyncio.sleep(0)
            await place(lambda: future.set_result(4))
            assert await waiting == 4

    run(main)


@pytest.mark.parametrize("place", PLACES)
def test_add_node_and_remove_node(
    run: Run, context: Context, make_node: MakeNode, place: Any
) -> None:
    """Nodes may be added and removed by any thread; the calls return at once."""

    async def main() -> None:
        node = make_node()
        arrived = asyncio.get_running_loop().create_future()
        node.create_subscription(Int64, "topic", arrived.set_result, 10)
        async with AsyncioExecutor(context=context) as executor:
            assert await place(lambda: executor.add_node(node)) is True
            node.create_publisher(Int64, "topic", 10).publish(Int64(data=3))
            assert (await arrived).data == 3
            assert await place(lambda: executor.add_node(node)) is False
            await place(lambda: executor.remove_node(node))
            assert executor.get_nodes() == []

    run(main)


@pytest.mark.parametrize("place", PLACES)
def test_wake(run: Run, context: Context, make_node: MakeNode, place: Any) -> None:
    """An entity that any thread creates, which calls wake(), is served."""

    async def main() -> None:
        node = make_node()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            ticked = asyncio.Event()
            await place(lambda: node.create_timer(0.001, ticked.set))
            await place(executor.wake)
            await ticked.wait()

    run(main)


@pytest.mark.parametrize("place", PLACES)
def test_destroy_node(run: Run, context: Context, make_node: MakeNode, place: Any) -> None:
    """A node may be destroyed by any thread; its coroutines are cancelled."""

    async def main() -> None:
        node = make_node()
        ended = asyncio.get_running_loop().create_future()
        begun = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ended.set_result("cancelled")
                raise

        timer = node.create_timer(0.001, callback)  # type: ignore[arg-type]  # a coroutine
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            await begun.wait()
            await place(node.destroy_node)
            assert await ended == "cancelled"
            assert executor.get_nodes() == []

    run(main)


@pytest.mark.parametrize("place", PLACES)
def test_shutdown(run: Run, context: Context, make_node: MakeNode, place: Any) -> None:
    """Any thread may shut the executor down; the loop's own cannot wait for what is under way."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(make_node())
            task = executor.create_task(executor.create_future)
            waiting = executor.create_task(asyncio.Event().wait)
            await task
            await asyncio.sleep(0)
            returned = await place(executor.shutdown)
            assert returned is (place is not here)
            await executor.wait_for_shutdown()
        assert waiting.cancelled()

    run(main)


def test_a_node_destroys_itself_in_its_coroutine(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """destroy_node returns at once, and does not cancel the coroutine that calls it."""

    async def main() -> None:
        node = make_node()
        ended = asyncio.get_running_loop().create_future()

        async def callback() -> None:
            node.destroy_node()
            await asyncio.sleep(0)
            ended.set_result("by itself")

        node.create_timer(0.001, callback)  # type: ignore[arg-type]  # a coroutine
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            assert await ended == "by itself"

    run(main)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(before)


def test_shutdown_meets_a_spin_that_begins(
    context: Context, make_node: MakeNode, hasty: None
) -> None:
    """Whichever comes first, the spin returns, shutdown returns True, and it happens once."""
    node: Node = make_node()
    for _ in range(300):
        executor = AsyncioExecutor(context=context)
        executor.add_node(node)
        returned: list[bool] = []
        together = threading.Barrier(2)

        def work(executor=executor, returned=returned, together=together) -> None:  # type: ignore[no-untyped-def]
            together.wait()
            returned.append(executor.shutdown())

        thread = threading.Thread(target=work)
        thread.start()
        together.wait()
        executor.spin()
        thread.join()
        assert returned == [True]


def test_tasks_come_from_many_threads(run: Run, context: Context, hasty: None) -> None:
    """Eight threads make five hundred tasks each: all run, those of a thread in its order."""
    ran: list[tuple[int, int]] = []

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:

            def work(thread: int) -> None:
                for number in range(500):
                    executor.create_task(ran.append, (thread, number))

            await asyncio.gather(*(asyncio.to_thread(work, thread) for thread in range(8)))
            await executor.create_task(max, 1, 2)

    run(main)
    for thread in range(8):
        assert [number for owner, number in ran if owner == thread] == list(range(500))
