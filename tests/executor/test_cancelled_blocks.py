# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A task is cancelled while a block of its ends, and the block raises something else.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.raising import WrongError, name, plainly
from tests.support.turns import Turn, turns

if TYPE_CHECKING:
    from tests.support.makers import Run

    Cancel = Callable[[], Awaitable[object]]
    Block = Callable[[Context, Cancel], Awaitable[None]]


async def end_by(cancel: Cancel, begun: asyncio.Event) -> None:
    """Wait until the end, and have ``cancel`` awaited then."""
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        await cancel()


@contextlib.asynccontextmanager
async def cancelled_at_its_end(context: Context, cancel: Cancel) -> AsyncIterator[AsyncioExecutor]:
    """Serve nothing; when the executor ends, have ``cancel`` awaited before it has ended."""
    begun = asyncio.Event()
    async with AsyncioExecutor(context=context) as executor:
        executor.create_task(end_by, cancel, begun)
        await begun.wait()
        yield executor


async def where_the_body_raises(context: Context, cancel: Cancel) -> None:
    """Leave the body by an exception of its own."""
    async with cancelled_at_its_end(context, cancel):
        raise WrongError


async def where_a_callback_raises(context: Context, cancel: Cancel) -> None:
    """Have the body cancelled by an exception of a callback."""
    begun = asyncio.Event()
    async with AsyncioExecutor(context=context) as executor:
        executor.create_task(end_by, cancel, begun)
        await begun.wait()
        executor.create_task(plainly(WrongError()))
        await executor.wait_for_shutdown()


async def where_the_cleanup_raises(context: Context, cancel: Cancel) -> None:
    """Leave the body well, and have the cleanup of a coroutine fail."""

    async def fail() -> None:
        await cancel()
        raise WrongError

    async with cancelled_at_its_end(context, fail):
        pass


async def where_the_cleanup_raises_in_a_cancellation(context: Context, cancel: Cancel) -> None:
    """Have the body cancelled, and then the cleanup of a coroutine fail."""

    async def fail() -> None:
        raise WrongError

    async with cancelled_at_its_end(context, fail) as executor:
        asyncio.ensure_future(cancel())  # noqa: RUF006  # the block waits for longer than that
        await executor.wait_for_shutdown()


BLOCKS = [
    where_the_body_raises,
    where_a_callback_raises,
    where_the_cleanup_raises,
    where_the_cleanup_raises_in_a_cancellation,
]


class Timeout:
    """A timeout that passes when it is told to."""

    def __init__(self) -> None:
        self.timeout = asyncio.timeout(None)

    async def pass_now(self) -> None:
        """Return when the time is over, and the task was cancelled."""
        self.timeout.reschedule(asyncio.get_running_loop().time())
        while not self.timeout.expired():
            await Turn()


@pytest.mark.parametrize("block", BLOCKS, ids=name)
def test_a_timeout_is_heard_of_after_the_exception(
    run: Run, context: Context, block: Block
) -> None:
    """Whoever handles the exception within the timeout goes on to its next await."""
    handled: list[object] = []

    async def work() -> None:
        timeout = Timeout()
        async with timeout.timeout:
            try:
                await block(context, timeout.pass_now)
            except WrongError as error:
                handled.append(error)
            await asyncio.Event().wait()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await work()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await turns()

    run(main)
    assert len(handled) == 1


@pytest.mark.parametrize("block", BLOCKS, ids=name)
def test_an_exception_that_leaves_a_timeout_brings_no_cancellation_with_it(
    run: Run, context: Context, block: Block
) -> None:
    """The timeout has taken it back by then."""

    async def main() -> None:
        timeout = Timeout()
        with pytest.raises(WrongError):
            async with timeout.timeout:
                await block(context, timeout.pass_now)
        await turns()

    run(main)


@pytest.mark.parametrize("block", BLOCKS, ids=name)
def test_a_task_that_was_cancelled_hears_of_it_once(
    run: Run, context: Context, block: Block
) -> None:
    """With the message; the cleanup that begins then is not interrupted."""
    heard: list[object] = []

    async def main() -> None:
        tasks: list[asyncio.Task[Any]] = []

        async def cancel() -> None:
            tasks[0].cancel("by a user")
            await turns()

        async def work() -> None:
            with pytest.raises(WrongError):
                await block(context, cancel)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError as error:
                heard.extend(error.args)
                await turns()
                raise

        tasks.append(asyncio.create_task(work()))
        await asyncio.wait(tasks)
        assert tasks[0].cancelled()
        assert tasks[0].cancelling() == 1

    run(main)
    assert heard == ["by a user"]


def test_a_block_in_a_cleanup_brings_no_cancellation_that_was_heard_of(
    run: Run, context: Context
) -> None:
    """One that came before the block began is not the block's to tell of."""
    steps: list[str] = []

    async def main() -> None:
        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                with pytest.raises(WrongError):
                    await where_the_body_raises(context, turns)
                await turns()
                steps.append("cleaned up")

        task = asyncio.create_task(work())
        await turns()
        task.cancel()
        await asyncio.wait([task])

    run(main)
    assert steps == ["cleaned up"]


def test_a_scope_of_anyio_catches_its_cancellation_after_the_exception(
    run: Run, context: Context
) -> None:
    """It knows its own by the message."""
    anyio = pytest.importorskip("anyio")

    async def main() -> None:
        with anyio.CancelScope() as scope:

            async def cancel() -> None:
                scope.cancel()
                await turns()

            with pytest.raises(WrongError):
                await where_the_body_raises(context, cancel)
            await asyncio.Event().wait()
        assert scope.cancelled_caught
        await turns()

    run(main)


def test_a_cancellation_that_the_body_has_turned_into_something_else(
    run: Run, context: Context
) -> None:
    """The body has heard of it: nobody is cancelled a second time."""
    steps: list[str] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def converts() -> None:
            async with AsyncioExecutor(context=context):
                try:
                    begun.set()
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    raise WrongError from None

        async def work() -> None:
            with pytest.raises(WrongError):
                await converts()
            await turns()
            steps.append("cleaned up")

        task = asyncio.create_task(work())
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])

    run(main)
    assert steps == ["cleaned up"]


@pytest.mark.parametrize("before", [False, True])
def test_a_cancellation_that_nobody_has_heard_of_yet(
    run: Run, context: Context, *, before: bool
) -> None:
    """A task cancels itself, and leaves its block by an exception before it waits for anything."""

    async def main() -> None:
        async def block() -> None:
            this = asyncio.current_task()
            assert this is not None
            if before:
                this.cancel("myself")
            async with AsyncioExecutor(context=context):
                if not before:
                    this.cancel("myself")
                raise WrongError

        async def work() -> None:
            with pytest.raises(WrongError):
                await block()
            await asyncio.Event().wait()

        task = asyncio.create_task(work())
        with pytest.raises(asyncio.CancelledError, match="myself"):
            await task
        assert task.cancelling() == 1

    run(main)


def test_a_cancellation_beside_that_of_the_block(run: Run, context: Context, lone: Node) -> None:
    """A callback cancels the task of the body, and raises, too: the task hears of both."""

    async def main() -> None:
        async def block() -> None:
            this = asyncio.current_task()
            assert this is not None

            def callback() -> None:
                timer.cancel()
                begun.set()
                this.cancel()
                raise WrongError

            begun = asyncio.Event()
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(lone)
                timer = lone.create_timer(0.0, callback)
                await begun.wait()

        async def work() -> None:
            with pytest.raises(WrongError):
                await block()
            await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await asyncio.wait([task])
        assert task.cancelled()

    run(main)


def test_a_cancellation_after_a_body_that_the_block_has_cancelled(
    run: Run, context: Context
) -> None:
    """The body was cancelled by an exception, raises its own, and is cancelled in its end."""

    async def main() -> None:
        async def block() -> None:
            this = asyncio.current_task()
            assert this is not None
            begun = asyncio.Event()

            async def cancel() -> None:
                this.cancel()
                await turns()

            async with AsyncioExecutor(context=context) as executor:
                executor.create_task(end_by, cancel, begun)
                await begun.wait()
                executor.create_task(plainly(WrongError()))
                try:
                    await executor.wait_for_shutdown()
                finally:
                    raise KeyError

        async def work() -> None:
            with pytest.raises(WrongError):
                await block()
            await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await asyncio.wait([task])
        assert task.cancelled()

    run(main)
