# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What leaves a block is the exception of the callback, with a note; later uses name it.

from __future__ import annotations

import asyncio
import functools
import gc
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from tests.support.raising import FrozenError, WrongError, plainly

if TYPE_CHECKING:
    from tests.support.makers import Run


def test_it_shows_no_cancellation(run: Run, context: Context) -> None:
    """Its context is what it was in the callback, and not the CancelledError of the body."""
    reason = KeyError("the reason")

    def callback() -> None:
        try:
            raise reason
        except KeyError:
            raise WrongError from None

    async def main(fail: Callable[[], None]) -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(fail)
            await executor.create_future()

    with pytest.raises(WrongError) as caught:
        run(functools.partial(main, callback))
    assert caught.value.__context__ is reason
    with pytest.raises(WrongError) as caught:
        run(functools.partial(main, plainly(WrongError())))
    assert caught.value.__context__ is None


def test_the_exception_of_a_body_stays_its_context(run: Run, context: Context) -> None:
    """What the body raises for another reason is not hidden."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(plainly(WrongError()))
            try:
                await executor.create_future()
            finally:
                raise LookupError

    with pytest.raises(WrongError) as caught:
        run(main)
    assert isinstance(caught.value.__context__, LookupError)


def test_it_says_where_it_comes_from(context: Context, lone: Node) -> None:
    """A note names the entity and its node, once."""
    error = WrongError("on purpose")
    lone.create_subscription(Int64, "chatter", plainly(error), 10)
    publisher = lone.create_publisher(Int64, "chatter", 10)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    for _ in range(2):
        publisher.publish(Int64())
        with pytest.raises(WrongError) as caught:
            executor.spin()
        name = lone.get_fully_qualified_name()
        assert caught.value.__notes__ == [f"In subscription '/chatter' of node '{name}'"]
    executor.shutdown()


def test_the_note_names_a_task(context: Context) -> None:
    """A task is named by its function or coroutine."""

    async def work() -> None:
        await asyncio.sleep(0)
        raise WrongError

    with AsyncioExecutor(context=context) as executor:
        executor.create_task(work)
        with pytest.raises(WrongError) as caught:
            executor.spin()
        assert caught.value.__notes__ == [f"In task '{work.__qualname__}'"]
        executor.create_task(plainly(LookupError()))
        with pytest.raises(LookupError) as other:
            executor.spin()
        assert other.value.__notes__ == [f"In task '{plainly.__qualname__}.<locals>.callback'"]


def test_an_exception_without_room_for_a_note_is_raised_as_well(context: Context) -> None:
    """A frozen dataclass can be raised, and takes no attributes."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(plainly(FrozenError("cold")))
            await executor.create_future()

    with pytest.raises(BaseException, match="cold") as caught:
        asyncio.run(main())
    assert isinstance(caught.value, FrozenError)


def ended_by(error: BaseException, gone: BaseException) -> bool:
    """True if one exception says that the other has ended the executor."""
    return repr(error) in str(gone) and gone.__cause__ is error


@pytest.mark.parametrize("way", ["async_with", "with"])
def test_what_is_used_later_says_which_error_has_ended_the_executor(
    context: Context, lone: Node, way: str
) -> None:
    """Whoever waits meanwhile, and whoever comes later, hears of the error of the callback."""
    error = WrongError("on purpose")
    client = lone.create_client(Trigger, "nobody")

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        waiting = asyncio.create_task(wait())
        with pytest.raises(WrongError):
            await block(executor)
        assert ended_by(error, await waiting)
        await look()
        del executor

    async def block(executor: AsyncioExecutor) -> None:
        async with executor:
            executor.add_node(lone)
            await asyncio.sleep(0)
            executor.create_task(plainly(error))
            await executor.wait_for_shutdown()

    async def wait() -> BaseException:
        with pytest.raises(EntityGoneError) as caught:
            await aiorcl.service_ready(client)
        return caught.value

    async def look() -> None:
        with pytest.raises(EntityGoneError) as caught:
            await aiorcl.service_ready(client)
        assert ended_by(error, caught.value)
        with pytest.raises(EntityGoneError) as caught:
            await anext(aiter(aiorcl.messages(lone, Int64, "topic")))
        assert ended_by(error, caught.value)
        async with AsyncioExecutor(context=context) as other:  # where all is well again
            other.add_node(lone)
            await aiorcl.node_ready(lone, lone.get_name())

    if way == "async_with":
        asyncio.run(main())
    else:
        executor = AsyncioExecutor(context=context)
        executor.add_node(lone)
        executor.create_task(plainly(error))
        with pytest.raises(WrongError), executor:
            executor.spin()
        asyncio.run(look())


def test_the_error_keeps_nothing_alive(context: Context, lone: Node) -> None:
    """An executor that was ended by an error is collected with it, and so is the error."""

    def fail() -> weakref.ref[AsyncioExecutor]:
        async def main() -> None:
            async with executor:
                executor.add_node(lone)
                executor.create_task(plainly(WrongError()))
                await executor.wait_for_shutdown()

        executor = AsyncioExecutor(context=context)
        with pytest.raises(WrongError):
            asyncio.run(main())
        return weakref.ref(executor)

    executor = fail()
    gc.collect()
    assert executor() is None
