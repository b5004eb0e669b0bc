# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Exceptions of callbacks that are no ordinary ones: cancellations, odd classes, two at a time.

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from tests.support.raising import WrongError, raise_soon

if TYPE_CHECKING:
    from tests.support.makers import Run

    Told = list[dict[str, Any]]


def hear(loop: asyncio.AbstractEventLoop) -> Told:
    """Return what the exception handler of a loop is told from now on."""
    told: Told = []
    loop.set_exception_handler(lambda _, context: told.append(context))
    return told


def of_a_future() -> None:
    """Let pass what the result of a cancelled future raises."""
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    future.result()


def by_itself() -> None:
    """Raise it."""
    raise asyncio.CancelledError


@pytest.mark.parametrize("callback", [of_a_future, by_itself])
@pytest.mark.parametrize("hook", [False, True])
def test_a_cancellation_that_leaves_a_plain_callback_is_told(
    run: Run, context: Context, lone: Node, callback: Callable[[], None], *, hook: bool
) -> None:
    """As asyncio tells of one; nobody was cancelled, and all goes on."""
    asked: list[BaseException] = []

    def on_error(error: BaseException, _: str) -> None:
        asked.append(error)
        raise error

    async def main() -> None:
        told = hear(asyncio.get_running_loop())
        executor = AsyncioExecutor(context=context, on_error=on_error if hook else None)
        async with executor, asyncio.TaskGroup() as group:
            executor.add_node(lone)
            done = executor.create_future()

            def tick() -> None:
                timer.cancel()
                executor.create_task(done.set_result, None)
                callback()

            timer = lone.create_timer(0.001, tick)
            await group.create_task(asyncio.wait_for(done, None))
        assert len(asked) == hook
        name = f"timer '{tick.__qualname__}' of node '{lone.get_fully_qualified_name()}'"
        (context_told,) = told
        assert context_told["message"] == f"Exception in {name}"
        assert isinstance(context_told["exception"], asyncio.CancelledError)

    run(main)


@pytest.mark.parametrize("spin", ["spin", "spin_once"])
def test_one_ends_no_spin_call(context: Context, lone: Node, spin: str) -> None:
    """spin goes on, and spin_once has run a callback."""
    with AsyncioExecutor(context=context) as executor:
        told = hear(executor.loop)
        executor.add_node(lone)
        raise_soon(lone, asyncio.CancelledError())
        if spin == "spin":

            def end() -> None:
                if told:
                    executor.shutdown()

            lone.create_timer(0.001, end)
            executor.spin()
        else:
            executor.spin_once()
        assert len(told) == 1


def test_a_task_is_cancelled_by_one(run: Run, context: Context) -> None:
    """As a task of asyncio is, whether a function or a coroutine lets it pass."""

    async def coroutine() -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        told = hear(asyncio.get_running_loop())
        async with AsyncioExecutor(context=context) as executor:
            for work in (by_itself, coroutine):
                task = executor.create_task(work)
                await asyncio.wait([asyncio.ensure_future(wait(task))])
                assert task.cancelled()
        assert told == []

    async def wait(task: aiorcl.Task[Any]) -> None:
        await task

    run(main)


class UnshowableError(WrongError):
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise AssertionError

    __str__ = __repr__


class NotelessError(WrongError):
    """Takes no notes."""

    __notes__ = None  # type: ignore[assignment]


class AnsweringError(WrongError):
    """Answers to every name in its own way."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError(name)


@pytest.mark.parametrize("wrong", [UnshowableError, NotelessError, AnsweringError])
@pytest.mark.parametrize("inside", [True, False])
def test_an_executor_ends_by_whatever_is_raised(
    run: Run, context: Context, lone: Node, wrong: type[WrongError], *, inside: bool
) -> None:
    """What waits is told, whether the exception can be shown or not."""

    async def enter(executor: AsyncioExecutor) -> None:
        await executor.__aenter__()

    async def main() -> None:
        told = hear(asyncio.get_running_loop())
        executor, error = AsyncioExecutor(context=context), wrong("on purpose")
        waits: list[asyncio.Task[Any]] = []

        async def block() -> None:
            async with executor:
                await body()

        async def elsewhere() -> None:
            await asyncio.create_task(enter(executor))
            await body()
            await executor.__aexit__(None, None, None)

        async def body() -> None:
            executor.add_node(lone)
            waits.append(asyncio.create_task(aiorcl.next_message(lone, Int64, "topic")))
            raise_soon(lone, error)
            if inside:
                await asyncio.Event().wait()
            while not told:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

        with pytest.raises(wrong) as caught:
            await (block() if inside else elsewhere())
        assert caught.value is error
        with pytest.raises(EntityGoneError) as gone:
            await waits[0]
        assert gone.value.__cause__ is error
        assert not executor.is_spinning

    run(main)


def bare() -> None:
    """Raise."""
    raise WrongError


def with_a_cause() -> None:
    """Raise what has a cause."""
    try:
        raise KeyError("the reason")
    except KeyError as error:
        raise WrongError from error


def with_a_context() -> None:
    """Raise what has a context."""
    try:
        raise KeyError("the reason")
    except KeyError:
        raise WrongError  # noqa: B904


def without_its_context() -> None:
    """Raise what hides its context."""
    try:
        raise KeyError("the reason")
    except KeyError:
        raise WrongError from None


async def fail() -> None:
    """Fail in the cleanup."""
    try:
        await asyncio.Event().wait()
    finally:
        raise LookupError("in the cleanup")


async def fail_in_group() -> None:
    """The same in a task group."""
    async with asyncio.TaskGroup() as group:
        group.create_task(fail())


@pytest.mark.parametrize("callback", [bare, with_a_cause, with_a_context, without_its_context])
@pytest.mark.parametrize("body", [fail, fail_in_group])
def test_what_the_body_raises_then_is_shown_or_told(
    run: Run,
    context: Context,
    callback: Callable[[], None],
    body: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Above the traceback of the exception that is raised, or by the handler of the loop."""
    heard: list[str] = []

    async def main() -> None:
        told = hear(asyncio.get_running_loop())
        try:
            async with AsyncioExecutor(context=context) as executor:
                executor.create_task(callback)
                await body()
        finally:
            heard.extend("".join(traceback.format_exception(each["exception"])) for each in told)

    with pytest.raises(WrongError) as caught:
        run(main)
    shown = "".join(traceback.format_exception(caught.value))
    assert ("the reason" in shown) is (callback in (with_a_cause, with_a_context))
    assert ["in the cleanup" in text for text in [shown, *heard]].count(True) == 1


def test_a_wrong_response_of_a_coroutine_shows_nothing_else(context: Context, lone: Node) -> None:
    """Neither the end of the coroutine, nor anything else that is not the user's."""

    async def respond(request: Trigger.Request, response: Trigger.Response) -> Any:
        await asyncio.sleep(0)
        return "no response"

    lone.create_service(Trigger, "service", respond)
    client = lone.create_client(Trigger, "service")
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        client.call_async(Trigger.Request())
        with pytest.raises(TypeError) as caught:
            executor.spin()
    assert caught.value.__context__ is None


def test_the_note_names_the_node_that_is_not_served_any_more(
    run: Run, context: Context, lone: Node
) -> None:
    """What a coroutine raises in its cleanup comes when its entity is let go."""

    async def callback() -> None:
        begun.append(True)
        await fail()

    begun: list[bool] = []

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            lone.create_timer(0.001, callback)  # type: ignore[arg-type]  # rclpy knows no coroutines
            while not begun:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    with pytest.raises(LookupError) as caught:
        run(main)
    name = lone.get_fully_qualified_name()
    assert caught.value.__notes__ == [f"In timer '{callback.__qualname__}' of node '{name}'"]


def test_a_stop_iteration_leaves_a_block(run: Run, context: Context) -> None:
    """No coroutine can raise it: it is the cause of the RuntimeError in its place."""

    def fail() -> None:
        raise StopIteration(3)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(fail)
            await executor.wait_for_shutdown()

    with pytest.raises(RuntimeError, match="StopIteration") as raised:
        run(main)
    assert isinstance(raised.value.__cause__, StopIteration)
    assert raised.value.__cause__.value == 3
