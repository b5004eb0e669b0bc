# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The first exception of a block: it cancels who is in the block, and nobody else; it is told where
# nobody is; and it is raised as it is, with a note that says where it comes from.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.raising import WrongError, raise_soon

if TYPE_CHECKING:
    from tests.support.makers import Run

    Body = Callable[[AsyncioExecutor], Awaitable[None]]
    Enter = Callable[[AsyncioExecutor, Body], Coroutine[Any, Any, None]]


async def plain(executor: AsyncioExecutor, body: Body) -> None:
    """Write the block."""
    async with executor:
        await body(executor)


async def around_a_coroutine(executor: AsyncioExecutor, body: Body) -> None:
    """Write the block, and more coroutines inside and outside of it."""

    async def inner() -> None:
        await body(executor)

    async def outer() -> None:
        async with executor:
            await inner()

    await outer()


async def around_an_iteration(executor: AsyncioExecutor, body: Body) -> None:
    """Let an async generator wait inside the block."""

    async def generate() -> AsyncIterator[None]:
        await body(executor)
        yield

    async with executor:
        async for _ in generate():
            pass


async def in_a_generator_that_runs(executor: AsyncioExecutor, body: Body) -> None:
    """Write the block in an async generator that is awaited inside it."""

    async def generate() -> AsyncIterator[None]:
        async with executor:
            await body(executor)
            yield

    async for _ in generate():
        pass


async def in_an_awaitable(executor: AsyncioExecutor, body: Body) -> None:
    """Await the coroutine with the block by an object of one's own."""

    class Work:
        def __await__(self) -> Any:
            return plain(executor, body).__await__()

    await Work()


async def with_subtasks(executor: AsyncioExecutor, body: Body) -> None:
    """Wait for another task inside the block."""
    async with executor, asyncio.TaskGroup() as group:
        group.create_task(body(executor))  # type: ignore[arg-type]


INSIDE = [
    plain,
    around_a_coroutine,
    around_an_iteration,
    in_a_generator_that_runs,
    in_an_awaitable,
    with_subtasks,
]


async def by_a_stack(executor: AsyncioExecutor, body: Body) -> None:
    """Enter it by an exit stack."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(executor)
        await body(executor)


async def by_a_generator(executor: AsyncioExecutor, body: Body) -> None:
    """Enter it by a generator that yields inside the block: a fixture, a lifespan."""

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with executor:
            yield

    async with lifespan():
        await body(executor)


async def by_a_task_that_ends(executor: AsyncioExecutor, body: Body) -> None:
    """Enter it in a task that has ended before anything goes wrong."""
    stack = contextlib.AsyncExitStack()
    await asyncio.create_task(stack.enter_async_context(executor))
    async with stack:
        await body(executor)


async def by_somebody_else(executor: AsyncioExecutor, body: Body) -> None:
    """Enter it in a task that goes on with its own work."""
    stack = contextlib.AsyncExitStack()
    entered, over = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await stack.enter_async_context(executor)
        entered.set()
        await over.wait()

    task = asyncio.create_task(work())
    await entered.wait()
    try:
        async with stack:
            await body(executor)
    finally:
        over.set()
        await task  # which nobody has cancelled


async def by_calls(executor: AsyncioExecutor, body: Body) -> None:
    """Start it, and stop it, without a block."""
    await executor.start()
    try:
        await body(executor)
    finally:
        await executor.stop()


OUTSIDE = [by_a_stack, by_a_generator, by_a_task_that_ends, by_somebody_else, by_calls]


def name(part: object) -> str:
    """Name a parameter by its function."""
    return getattr(part, "__name__", "")


@dataclass
class Told:
    """What the exception handler of the loop, and the log of the node, were told."""

    handled: list[BaseException]
    logged: list[str]
    heard: asyncio.Event


def tell(monkeypatch: pytest.MonkeyPatch, node: Node) -> Told:
    """Note what is told on the running loop, and by a node."""
    told = Told([], [], asyncio.Event())

    def handle(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        told.handled.append(context["exception"])
        told.heard.set()

    asyncio.get_running_loop().set_exception_handler(handle)
    monkeypatch.setattr(node.get_logger(), "error", told.logged.append)
    return told


@pytest.mark.parametrize("enter", INSIDE, ids=name)
def test_whoever_is_in_the_block_is_cancelled(
    run: Run, context: Context, lone: Node, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The coroutine that has written the block awaits something inside it: that is cancelled."""
    error = WrongError("on purpose")
    cancelled: list[bool] = []

    async def body(executor: AsyncioExecutor) -> None:
        executor.add_node(lone)
        raise_soon(lone, error)
        try:
            await executor.wait_for_shutdown()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def main() -> None:
        told = tell(monkeypatch, lone)
        with pytest.raises(WrongError) as caught:
            await enter(AsyncioExecutor(context=context), body)
        assert caught.value is error
        assert (told.handled, told.logged) == ([], [])
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run(main)
    assert cancelled == [True]


@pytest.mark.parametrize("enter", OUTSIDE, ids=name)
def test_where_nobody_is_in_the_block_it_is_told_at_once(
    run: Run, context: Context, lone: Node, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is cancelled; the handler and the log are told; the end of the block raises it."""
    error = WrongError("on purpose")

    async def main() -> None:
        told = tell(monkeypatch, lone)

        async def body(executor: AsyncioExecutor) -> None:
            executor.add_node(lone)
            raise_soon(lone, error)
            await told.heard.wait()
            assert told.handled == [error]
            assert lone.get_fully_qualified_name() in told.logged[0]
            assert "on purpose" in told.logged[0]
            assert await executor.create_task(max, 1, 2) == 2  # all goes on

        with pytest.raises(WrongError) as caught:
            await enter(AsyncioExecutor(context=context), body)
        assert caught.value is error
        assert told.handled == [error]

    run(main)


def test_a_task_that_has_left_the_block_is_not_cancelled(run: Run, context: Context) -> None:
    """An exception of the cleanup, while another task leaves the block, is that task's."""

    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise WrongError

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(executor)
            executor.create_task(fails)
            await asyncio.sleep(0.01)
            leave = asyncio.create_task(stack.pop_all().aclose())
            with pytest.raises(WrongError):
                await leave

    run(main)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("enter", [*INSIDE[:1], *OUTSIDE], ids=name)
def test_what_ends_a_program_ends_it_wherever_the_block_was_entered(
    context: Context,
    lone: Node,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    enter: Enter,
    kind: type[BaseException],
) -> None:
    """Where nobody is in the block it leaves the loop, as that of any callback of the loop."""

    async def body(executor: AsyncioExecutor) -> None:
        executor.add_node(lone)
        raise_soon(lone, kind("on purpose"))
        await executor.wait_for_shutdown()

    with (
        pytest.raises(kind, match="on purpose"),
        asyncio.Runner(loop_factory=loop_factory) as runner,
    ):
        runner.run(enter(AsyncioExecutor(context=context), body))


@pytest.mark.parametrize("enter", OUTSIDE, ids=name)
def test_what_was_told_is_not_told_again_when_the_program_ends(
    context: Context,
    lone: Node,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    enter: Enter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An exception that has ended nothing yet, before one that ends all."""
    error = WrongError("on purpose")
    handled: list[list[BaseException]] = []

    async def main() -> None:
        told = tell(monkeypatch, lone)
        handled.append(told.handled)

        async def body(executor: AsyncioExecutor) -> None:
            executor.add_node(lone)
            raise_soon(lone, error)
            await told.heard.wait()
            raise_soon(lone, SystemExit())
            await executor.wait_for_shutdown()

        await enter(AsyncioExecutor(context=context), body)

    with pytest.raises(SystemExit), asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())
    assert [each for each in handled[0] if isinstance(each, WrongError)] == [error]
