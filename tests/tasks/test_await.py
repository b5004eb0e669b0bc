# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Futures of rclpy under asyncio: awaited in every way that asyncio has, on every kind of loop.

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, EntityGoneError, new_event_loop
from aiorcl._tasks.failure import fail
from tests.support.instructions import TRACES_INSTRUCTIONS
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run


def test_a_future_of_another_thread_is_awaited(run: Run, context: Context) -> None:
    """A future of the executor may be completed anywhere, and is awaited by any number of tasks."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            future = executor.create_future()
            waiting = [asyncio.ensure_future(future) for _ in range(3)]
            await turns()
            await asyncio.to_thread(future.set_result, 6)
            assert await asyncio.gather(*waiting) == [6, 6, 6]
            assert await future == 6

    run(main)


def test_a_future_without_executor_is_awaited(run: Run) -> None:
    """With aiorcl imported a plain future of rclpy works under asyncio, with no executor at all."""

    async def main() -> None:
        future: Future[int] = Future()
        waiting = asyncio.ensure_future(future)
        await turns()
        assert not waiting.done()
        await asyncio.to_thread(future.set_result, 1)
        assert await waiting == 1

    run(main)


def test_an_exception_is_raised_where_it_is_awaited(run: Run, context: Context) -> None:
    """``await`` raises the exception that was set on the future."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            future = executor.create_future()
            executor.loop.call_soon(future.set_exception, LookupError("on purpose"))
            with pytest.raises(LookupError, match="on purpose"):
                await future

    run(main)


def test_a_cancelled_future_cancels_who_awaits_it(run: Run, context: Context) -> None:
    """``await`` of a future that was, or gets, cancelled raises CancelledError."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            for when in ("before", "while"):
                future = executor.create_future()
                if when == "before":
                    future.cancel()
                else:
                    executor.loop.call_soon(future.cancel)
                with pytest.raises(asyncio.CancelledError):
                    await future

    run(main)


def test_a_task_of_the_executor_is_awaited(run: Run, context: Context) -> None:
    """What create_task returns is awaited like a task of asyncio."""

    async def work(number: int) -> int:
        await asyncio.sleep(0)
        return number + 1

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            assert await executor.create_task(work, 1) == 2
            assert await executor.create_task(work(2)) == 3
            assert await executor.create_task(max, 3, 4) == 4

    run(main)


def test_a_future_of_another_loop_raises_at_once(run: Run, context: Context) -> None:
    """Awaiting a future on another loop than its executor's could never end well."""
    other = AsyncioExecutor(context=context, loop=(loop := new_event_loop()))
    assert other.loop is loop
    future = other.create_future()

    async def main() -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await future

    try:
        run(main)
    finally:
        other.shutdown()
        loop.close()


def test_tasks_of_rclpy_see_the_await_of_rclpy(run: Run, context: Context) -> None:
    """A rclpy executor that is polled from inside a running loop steps its own tasks."""

    async def main() -> None:
        future: Future[int] = Future()

        async def inner() -> int | None:
            return await future

        async def work() -> int | None:
            return await inner()

        with SingleThreadedExecutor(context=context) as polled:
            task = polled.create_task(work)
            for _ in range(3):
                polled.spin_once(timeout_sec=0)
                await asyncio.sleep(0)
            assert not task.done()
            await asyncio.to_thread(future.set_result, 5)
            while not task.done():
                polled.spin_once(timeout_sec=0)
                await asyncio.sleep(0)
            assert task.result() == 5

    run(main)


def test_both_kinds_of_tasks_await_one_future(run: Run, context: Context) -> None:
    """A task of asyncio and a task of rclpy, polled beside it, may wait for the same future."""

    async def main() -> None:
        future: Future[int] = Future()

        async def work() -> int | None:
            return await future

        async with AsyncioExecutor(context=context) as executor:
            ours = executor.create_task(work)
            plain = asyncio.ensure_future(work())
            with SingleThreadedExecutor(context=context) as polled:
                task = polled.create_task(work)
                polled.spin_once(timeout_sec=0)
                await turns()
                future.set_result(7)
                # Newer rclpy has the executor whose task awaits the future call back the others.
                while not all(each.done() for each in (task, ours, plain)):
                    polled.spin_once(timeout_sec=0)
                    await asyncio.sleep(0)
                assert [await ours, await plain, task.result()] == [7, 7, 7]

    run(main)


class Wraps(SingleThreadedExecutor):
    """Wraps what it is to call, and uses the task."""

    def create_task(self, callback: Any, *args: Any, **kwargs: Any) -> Any:
        task = super().create_task(lambda *args: callback(*args), *args, **kwargs)
        task.add_done_callback(lambda _: None)
        return task


OTHERS: list[Any] = [SingleThreadedExecutor, Wraps]
with contextlib.suppress(ImportError):  # not on Jazzy
    from rclpy.experimental.events_executor import EventsExecutor

    OTHERS.append(EventsExecutor)


@pytest.mark.parametrize("cls", OTHERS)
@pytest.mark.parametrize("bound", ["before", "meanwhile"])
@pytest.mark.parametrize("ends", ["result", "exception", "cancel"])
def test_a_future_of_an_executor_that_does_not_run_is_awaited(
    run: Run, context: Context, cls: Any, bound: str, ends: str
) -> None:
    """As of one that a task of rclpy has bound to its executor, which newer rclpy does."""

    async def main() -> None:
        executor = cls(context=context)
        future: Future[int] = Future(executor=executor if bound == "before" else None)
        called: list[object] = []
        future.add_done_callback(called.append)
        waiting = [asyncio.ensure_future(awaited(future)) for _ in range(2)]
        await turns()
        if bound == "meanwhile":
            future._set_executor(executor)
        if ends == "result":
            future.set_result(5)
        elif ends == "exception":
            future.set_exception(LookupError())
        else:
            future.cancel()
        expected = {"result": 5, "exception": LookupError, "cancel": asyncio.CancelledError}[ends]
        assert [await each for each in waiting] == [expected] * 2
        assert called == []
        while not called:  # other callbacks are this executor's to call
            executor.spin_once(timeout_sec=0.1)
        assert called == [future]
        executor.shutdown()

    run(main)


async def awaited(future: Future[int]) -> object:
    """Return the result of a future, or the class of what it raises."""
    try:
        return await future
    except (LookupError, asyncio.CancelledError) as error:
        return type(error)


class Interrupt:
    """A trace function that calls another one, as a signal would, at the n-th instruction."""

    def __init__(self, number: int, function: Callable[[], object]) -> None:
        self._left = number
        self._function = function
        self.has_come = False

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.endswith(("rclpy/task.py", "/awaiting.py", "/private.py")):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self._left -= 1
            if self._left == -1:
                sys.settrace(None)
                self.has_come = True
                self._function()
        return self


def of_the_executor(executor: AsyncioExecutor, node: Node) -> Any:
    """Return a future that the executor makes."""
    return executor.create_future()


def of_a_task(executor: AsyncioExecutor, node: Node) -> Any:
    """Return a task that does not end."""
    return executor.create_task(asyncio.Event().wait)


def of_a_call(executor: AsyncioExecutor, node: Node) -> Any:
    """Return the future of a request that nobody answers."""
    return node.create_client(Trigger, "nobody").call_async(Trigger.Request())


@TRACES_INSTRUCTIONS
@pytest.mark.parametrize("make", [of_the_executor, of_a_task, of_a_call])
def test_a_signal_handler_completes_what_is_awaited(
    context: Context, lone: Node, make: Callable[[AsyncioExecutor, Node], Any]
) -> None:
    """At any instruction of a wait that begins, and is cancelled: nothing waits for ever."""

    async def interrupted_at(executor: AsyncioExecutor, number: int) -> bool:
        future = make(executor, lone)

        async def wait() -> None:
            await future

        interrupt = Interrupt(number, lambda: fail(future, LookupError()))
        waiting = asyncio.ensure_future(wait())
        sys.settrace(interrupt)
        await turns()
        if interrupt.has_come:
            assert waiting.done()
        waiting.cancel()
        await turns()
        sys.settrace(None)
        assert waiting.done()
        assert waiting.cancelled() or isinstance(waiting.exception(), LookupError)
        return interrupt.has_come

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            number = 0
            while await interrupted_at(executor, number):
                number += 1
            assert number > 50

    asyncio.run(main())


@pytest.mark.parametrize("work", [turns, print], ids=["coroutine", "function"])
def test_a_task_of_an_executor_that_has_ended_says_why(
    run: Run, context: Context, work: Callable[[], object]
) -> None:
    """It is cancelled; who awaits it is not, and would end in silence by a CancelledError."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            pass
        task = executor.create_task(work)
        assert task.done()
        assert task.cancelled()
        for _ in range(2):
            with pytest.raises(EntityGoneError, match="The executor was shut down"):
                await task

    run(main)


def test_a_task_of_an_executor_that_an_error_has_ended_names_that(
    run: Run, context: Context
) -> None:
    """As whatever else is used of it later."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        with pytest.raises(LookupError) as ended:
            async with executor:
                raise LookupError("on purpose")
        with pytest.raises(EntityGoneError, match="on purpose") as gone:
            await executor.create_task(print)
        assert gone.value.__cause__ is ended.value

    run(main)


def test_a_task_is_cancelled_that_is_made_while_its_executor_ends(
    run: Run, context: Context
) -> None:
    """As all else then: a coroutine that cleans up has nothing to tell of it."""
    cleaned_up: list[bool] = []

    async def work(executor: AsyncioExecutor) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(asyncio.CancelledError):
                await executor.create_task(print)
            cleaned_up.append(True)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(work, executor)
            await turns()

    run(main)
    assert cleaned_up == [True]
