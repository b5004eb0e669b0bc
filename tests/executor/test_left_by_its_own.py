# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A coroutine of the executor awaits, by whatever way, the end of the executor's own block.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run

Leave = Callable[[], Coroutine[Any, Any, None]]


async def by_a_task(leave: Leave) -> None:
    """Await a task that leaves."""
    await asyncio.create_task(leave())


async def by_a_chain(leave: Leave) -> None:
    """Await a task that awaits a task that leaves."""
    await asyncio.create_task(by_a_task(leave))


async def by_gather(leave: Leave) -> None:
    """Await several tasks, one of which leaves."""
    await asyncio.gather(leave(), turns(), return_exceptions=True)


async def by_wait_for(leave: Leave) -> None:
    """Await it within a time that does not pass."""
    await asyncio.wait_for(asyncio.create_task(leave()), 3600)


async def by_timeout(leave: Leave) -> None:
    """The same, by the newer way."""
    async with asyncio.timeout(3600):
        await asyncio.create_task(leave())


async def by_a_group(leave: Leave) -> None:
    """Await a group of tasks, one of which leaves."""
    async with asyncio.TaskGroup() as group:
        group.create_task(leave())


async def by_hand(leave: Leave) -> None:
    """Hand a cancellation on by a line of one's own."""
    task = asyncio.create_task(leave())
    try:
        await asyncio.Event().wait()
    finally:
        task.cancel()
        await asyncio.wait([task])


async def by_hand_in_the_end(leave: Leave) -> None:
    """The same, and do something else before that waits."""
    task = asyncio.create_task(leave())
    try:
        await asyncio.Event().wait()
    finally:
        task.cancel()
        await turns()
        await asyncio.shield(task)


async def by_hand_and_an_event(leave: Leave) -> None:
    """Hand a cancellation on, and await what a done callback says."""
    left = asyncio.Event()
    task = asyncio.create_task(leave())
    task.add_done_callback(lambda _: left.set())
    try:
        await asyncio.Event().wait()
    finally:
        task.cancel()
        await left.wait()


async def by_an_end_alone(leave: Leave) -> None:
    """Await it as cleanup, and cancel nothing."""
    task = asyncio.create_task(leave())
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.wait([task])


async def by_a_member(leave: Leave) -> None:
    """Await one that awaits it in the end, after something else."""

    async def member() -> None:
        await turns(200)
        await asyncio.wait([task])

    task = asyncio.create_task(leave())
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.create_task(member())


async def by_wait_for_a_group(leave: Leave) -> None:
    """Await a group, in a time that does not pass."""
    await asyncio.wait_for(by_a_group(leave), 3600)


async def by_a_group_of_anyio(leave: Leave) -> None:
    """Await a group of another library."""
    anyio = pytest.importorskip("anyio")
    async with anyio.create_task_group() as group:
        group.start_soon(leave)


async def by_gather_that_ends(leave: Leave) -> None:
    """Await several tasks, all of which are cancelled, until the first one has ended."""
    await asyncio.gather(leave(), asyncio.Event().wait())


async def by_itself(leave: Leave) -> None:
    """Leave, without a task between."""
    await leave()


async def by_shield(leave: Leave) -> None:
    """Await it, but hand no cancellation on."""
    await asyncio.shield(leave())


async def by_wait(leave: Leave) -> None:
    """The same, by another way."""
    await asyncio.wait([asyncio.create_task(leave())])


async def by_an_event(leave: Leave) -> None:
    """Await what a task does that has left."""
    left = asyncio.Event()
    task = asyncio.create_task(leave())
    task.add_done_callback(lambda _: left.set())
    await left.wait()


async def nothing() -> None:
    """Do nothing."""


def leave_in_a_callback(
    run: Run, context: Context, node: Node, way: Callable[[Leave], Coroutine[Any, Any, None]]
) -> BaseException | None:
    """Return what comes out of the block, when all has ended."""

    async def main() -> BaseException | None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)  # of what comes after the end
        outcome: asyncio.Future[BaseException | None] = loop.create_future()
        ended = asyncio.Event()
        block = contextlib.AsyncExitStack()
        executor = await block.enter_async_context(AsyncioExecutor(context=context))

        async def leave() -> None:
            try:
                await block.aclose()
            except BaseException as error:
                outcome.set_result(error)
                raise
            outcome.set_result(None)

        async def callback() -> None:
            timer.cancel()
            try:
                await way(leave)
            finally:
                ended.set()

        executor.add_node(node)
        timer = node.create_timer(0.0, callback)  # type: ignore[arg-type]
        error = await outcome
        await ended.wait()
        assert not executor.is_spinning
        assert executor.get_nodes() == []
        return error

    outcome: BaseException | None = run(main)
    return outcome


@pytest.mark.parametrize(
    "way",
    [
        *(by_a_task, by_a_chain, by_gather, by_wait_for, by_timeout, by_a_group),
        *(by_hand, by_hand_in_the_end, by_hand_and_an_event, by_an_end_alone, by_a_member),
        *(by_wait_for_a_group, by_a_group_of_anyio),
    ],
)
def test_who_awaits_the_end_is_not_waited_for(
    run: Run, context: Context, lone: Node, way: Callable[[Leave], Coroutine[Any, Any, None]]
) -> None:
    """The block ends, all is let go, and its error names the coroutine."""
    error = leave_in_a_callback(run, context, lone, way)
    assert isinstance(error, RuntimeError)
    assert "callback', a coroutine of the executor, awaits" in str(error)


def test_who_has_ended_by_then_awaits_nothing(run: Run, context: Context, lone: Node) -> None:
    """It has cancelled the task that leaves the block, which hears of that."""
    error = leave_in_a_callback(run, context, lone, by_gather_that_ends)
    assert isinstance(error, asyncio.CancelledError)


@pytest.mark.parametrize("way", [by_itself, by_shield, by_wait, by_an_event])
def test_who_can_be_ended_is_no_trouble(
    run: Run, context: Context, lone: Node, way: Callable[[Leave], Coroutine[Any, Any, None]]
) -> None:
    """A coroutine that leaves by itself goes on, and one that only waits is cancelled."""
    assert leave_in_a_callback(run, context, lone, way) is None


@pytest.mark.parametrize("cleanup", [nothing, turns])
def test_a_coroutine_that_cancels_who_leaves(
    run: Run, context: Context, lone: Node, cleanup: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """At its end, as cleanup: it does not await it, so it is waited for and there is no error."""
    said: list[str] = []

    async def main() -> None:
        body = asyncio.current_task()
        assert body is not None
        async with AsyncioExecutor(context=context) as executor:
            begun = executor.create_future()

            async def callback() -> None:
                timer.cancel()
                begun.set_result(None)
                try:
                    await asyncio.Event().wait()
                finally:
                    body.cancel()
                    await cleanup()
                    said.append("ended")

            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await begun

    with pytest.raises(asyncio.CancelledError):
        run(main)
    assert said == ["ended"]


def test_what_others_bring_is_waited_for(run: Run, context: Context) -> None:
    """A semaphore that a done callback of the leaving task releases, but somebody else before."""
    done: list[str] = []

    async def main() -> None:
        places = asyncio.Semaphore(2)
        await places.acquire()
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(lambda _: places.release())
        begun = asyncio.Event()

        async def holds() -> None:
            async with places:
                begun.set()
                try:
                    await asyncio.Event().wait()
                finally:
                    await turns(100)  # a cleanup of some length
                    done.append("held")

        async def parks() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                async with places:
                    done.append("parked")

        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(holds)
            executor.create_task(parks)
            await begun.wait()
            await turns()

    run(main)
    assert done == ["held", "parked"]
