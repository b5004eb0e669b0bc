# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An exception of a task: whoever awaits the task may handle it, and else the executor raises it.

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._tasks.inline import InlineCallback
from tests.support.raising import CALLBACKS, WrongError, name, plainly

if TYPE_CHECKING:
    from tests.support.makers import Run
    from tests.support.raising import Make

    Handle = Callable[[AsyncioExecutor, Any], Awaitable[object]]


async def by_await(_: AsyncioExecutor, task: Any) -> None:
    """Await it."""
    with pytest.raises(WrongError):
        await task


async def by_gather(_: AsyncioExecutor, task: Any) -> None:
    """Hand it to what makes a task of its own, a turn of the loop later."""
    errors: list[object] = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(errors[0], WrongError)


async def by_wait_for(_: AsyncioExecutor, task: Any) -> None:
    """Await it with a timeout."""
    with pytest.raises(WrongError):
        await asyncio.wait_for(task, 10)


async def by_two(_: AsyncioExecutor, task: Any) -> None:
    """Await it in two tasks, and one of them is cancelled."""

    async def wait() -> None:
        with pytest.raises(WrongError):
            await task

    first, second = (asyncio.create_task(wait()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second


async def by_done_callback(executor: AsyncioExecutor, task: Any) -> None:
    """Look at it in a done callback."""
    heard = executor.create_future()
    task.add_done_callback(lambda task: heard.set_result(task.exception()))
    assert isinstance(await heard, WrongError)


async def by_asking(_: AsyncioExecutor, task: Any) -> None:
    """Ask as soon as it is done."""
    done = asyncio.Event()

    def look() -> None:
        if task.done():
            assert isinstance(task.exception(), WrongError)
            done.set()
        else:
            asyncio.get_running_loop().call_soon(look)

    look()
    await done.wait()


HANDLERS = [by_await, by_gather, by_wait_for, by_two, by_done_callback, by_asking]


@pytest.mark.parametrize("make", CALLBACKS, ids=name)
@pytest.mark.parametrize("handle", HANDLERS, ids=name)
def test_what_somebody_handles_ends_nothing(
    run: Run, context: Context, handle: Handle, make: Make
) -> None:
    """The body goes on, and so does the executor; the hook is not asked."""
    told: list[BaseException] = []

    async def main(executor: AsyncioExecutor) -> None:
        async with executor:
            await handle(executor, executor.create_task(make(WrongError())))
            for _ in range(10):
                await asyncio.sleep(0)
            assert await executor.create_task(max, 1, 2) == 2

    run(lambda: main(AsyncioExecutor(context=context)))
    run(lambda: main(AsyncioExecutor(context=context, on_error=lambda e, _: told.append(e))))
    assert told == []


@pytest.mark.parametrize("make", CALLBACKS, ids=name)
@pytest.mark.parametrize("handle", HANDLERS, ids=name)
@pytest.mark.parametrize("once", [False, True], ids=["spin", "spin_once"])
def test_what_somebody_handles_leaves_no_spin_call(
    context: Context, handle: Handle, make: Make, once: bool
) -> None:
    """A coroutine of the executor handles it just as well."""

    async def work() -> None:
        await handle(executor, executor.create_task(make(WrongError())))

    def end(_: object) -> None:
        executor.shutdown()

    with AsyncioExecutor(context=context) as executor:
        task = executor.create_task(work)
        if once:
            while not task.done():
                executor.spin_once(timeout_sec=10)
        else:
            task.add_done_callback(end)
            executor.spin()
        task.result()
        assert task.done()


async def by_nobody(_: AsyncioExecutor, task: Any) -> None:
    """Let it be."""


async def by_a_callback_that_does_not_look(_: AsyncioExecutor, task: Any) -> None:
    """Hear that it has ended, and not how."""
    task.add_done_callback(lambda _: None)


NOT_HANDLED = [by_nobody, by_a_callback_that_does_not_look]


@pytest.mark.parametrize("make", CALLBACKS, ids=name)
@pytest.mark.parametrize("leave", NOT_HANDLED, ids=name)
def test_what_nobody_fetches_is_raised(
    run: Run, context: Context, leave: Handle, make: Make
) -> None:
    """It cancels the body a few turns of the loop later."""
    error = WrongError("on purpose")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            await leave(executor, executor.create_task(make(error)))
            await executor.wait_for_shutdown()

    with pytest.raises(WrongError) as caught:
        run(main)
    assert caught.value is error


def test_who_is_cancelled_in_that_turn_has_not_fetched(run: Run, context: Context) -> None:
    """Whoever is woken with the outcome, and cancelled before it runs, leaves it."""

    waiting: asyncio.Task[Any] | None = None
    may_fail = asyncio.Event()

    class Cancels(InlineCallback):
        def __call__(self, future: object) -> None:
            assert waiting is not None
            waiting.cancel()

    async def fail_then() -> None:
        await may_fail.wait()
        raise WrongError

    async def main() -> None:
        nonlocal waiting
        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(fail_then)
            waiting = asyncio.create_task(by_await(executor, task))
            await asyncio.sleep(0.01)
            task.add_done_callback(Cancels())
            may_fail.set()
            await executor.wait_for_shutdown()

    with pytest.raises(WrongError):
        run(main)
    assert waiting is not None
    assert waiting.cancelled()


def test_what_nobody_fetches_before_the_end_is_raised_there(run: Run, context: Context) -> None:
    """A task that fails while the executor ends has nobody who fetches."""

    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise WrongError

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(fails)
            task.add_done_callback(lambda _: None)
            await asyncio.sleep(0.01)

    with pytest.raises(WrongError):
        run(main)


def by_spin(executor: AsyncioExecutor, task: Any) -> None:
    """Cancel a task of an executor that spins then."""
    task.cancel()
    executor.spin()


def by_spin_once(executor: AsyncioExecutor, task: Any) -> None:
    """The same, step by step."""
    task.cancel()
    for _ in range(5):
        executor.spin_once(timeout_sec=0)


def by_shutdown(executor: AsyncioExecutor, task: Any) -> None:
    """Cancel a task of an executor that runs no more."""
    task.cancel()
    executor.shutdown()


def by_block(executor: AsyncioExecutor, task: Any) -> None:
    """Cancel a task in a block."""

    async def main() -> None:
        async with executor:
            task.cancel()
            await executor.wait_for_shutdown()

    executor.loop.run_until_complete(main())


@pytest.mark.parametrize("cancel", [by_spin, by_spin_once, by_shutdown, by_block], ids=name)
@pytest.mark.parametrize("error", [WrongError(), SystemExit()], ids=["error", "exit"])
def test_what_a_cancelled_task_raises_is_raised(
    context: Context, cancel: Callable[[AsyncioExecutor, Any], None], error: BaseException
) -> None:
    """The task has been cancelled by then, and nobody can fetch anything from it."""

    async def fails() -> None:
        begun.append(True)
        try:
            await asyncio.Event().wait()
        finally:
            raise error

    begun: list[bool] = []
    with asyncio.Runner() as runner:
        executor = AsyncioExecutor(context=context, loop=runner.get_loop())
        task = executor.create_task(fails)
        while not begun:
            executor.spin_once(timeout_sec=0)
        with pytest.raises(type(error)) as caught:
            cancel(executor, task)
        assert caught.value is error
        assert task.cancelled()
        executor.shutdown()


def test_the_hook_hears_what_a_function_raises_that_cancels_its_task(context: Context) -> None:
    """It is asked once, and all goes on."""
    told: list[BaseException] = []
    error = WrongError()
    executor = AsyncioExecutor(context=context, on_error=lambda error, _: told.append(error))
    task = executor.create_task(plainly(error, lambda: task.cancel()))
    executor.spin_once(timeout_sec=0)
    assert task.cancelled()
    assert told == [error]
    assert executor.shutdown()
    assert told == [error]


def test_a_program_goes_on_when_it_handles(capfd: pytest.CaptureFixture[str]) -> None:
    """aiorcl.run does not end by what main has handled, and nobody complains."""

    async def main(executor: AsyncioExecutor) -> str:
        try:
            await executor.create_task(plainly(WrongError()))
        except WrongError:
            pass
        await asyncio.sleep(0.01)
        return "went on"

    assert aiorcl.run(main, args=[]) == "went on"
    assert "never retrieved" not in capfd.readouterr().err


def test_one_of_several_programs_that_fails_ends_all() -> None:
    """It is not the one that is awaited first."""
    cancelled: list[bool] = []

    async def waits(executor: AsyncioExecutor) -> None:
        try:
            await executor.wait_for_shutdown()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def fails(executor: AsyncioExecutor) -> None:
        raise WrongError

    with pytest.raises(WrongError):
        aiorcl.run([waits, fails], args=[])
    assert cancelled == [True]
