# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What coroutines of an executor use that is shut down during their step, before they are cancelled.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError, ThreadCallbackGroup
from tests.support.elsewhere import DEADLINE_SEC, Elsewhere, call_elsewhere
from tests.support.makers import MakeNode, Run
from tests.support.threads import a_message


async def in_ticks(node: Node) -> None:
    """Open a stream of ticks."""
    async for _ in aiorcl.ticks(node, 3600.0):
        pass


async def in_messages(node: Node) -> None:
    """Open a stream of messages."""
    async for _ in aiorcl.messages(node, Int64, "nobody"):
        pass


async def in_requests(node: Node) -> None:
    """Open a stream of requests."""
    async for _ in aiorcl.requests(node, Trigger, "service"):
        pass


async def in_next_message(node: Node) -> None:
    """Wait for a message."""
    await aiorcl.next_message(node, Int64, "nobody")


async def in_node_ready(node: Node) -> None:
    """Wait for a node."""
    await aiorcl.node_ready(node, "nobody")


async def in_call(node: Node) -> None:
    """Wait for a server, which coroutines may do until they have ended."""
    await aiorcl.call(node.create_client(Trigger, "nobody"), Trigger.Request())


async def in_a_task(node: Node) -> None:
    """Wait for a task of the executor."""
    assert node.executor is not None
    await node.executor.create_task(in_next_message, node)


Use = Callable[[Node], Coroutine[Any, Any, None]]

USES = pytest.mark.parametrize(
    "use",
    [in_ticks, in_messages, in_requests, in_next_message, in_node_ready, in_call, in_a_task],
)


def shut_down_elsewhere(executor: AsyncioExecutor) -> None:
    """Have another thread begin the end of an executor that runs here."""
    call_elsewhere(lambda: executor.shutdown(timeout_sec=0.0))


WAYS: dict[str, Callable[[AsyncioExecutor], object]] = {
    "thread": shut_down_elsewhere,
    "itself": AsyncioExecutor.shutdown,
}


@USES
@pytest.mark.parametrize("shut_down", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("has_hook", [False, True], ids=["handler", "hook"])
def test_a_spin_call_ends_well(
    context: Context,
    lone: Node,
    use: Use,
    shut_down: Callable[[AsyncioExecutor], object],
    *,
    has_hook: bool,
) -> None:
    """The coroutine would be cancelled next; that it hears of the end before is no error.

    From Python 3.12 on this step comes while its task is made.
    """
    told, after = list[object](), list[str]()
    hook = (lambda *call: told.append(call)) if has_hook else None
    executor = AsyncioExecutor(context=context, on_error=hook)

    async def work() -> None:
        shut_down(executor)
        await use(lone)
        after.append("goes on")

    executor.loop.set_exception_handler(lambda _, what: told.append(what))
    executor.add_node(lone)
    executor.create_task(work)
    executor.spin()
    assert executor.shutdown()
    assert after == told == []


@USES
def test_a_block_ends_well(run: Run, context: Context, lone: Node, use: Use) -> None:
    """Its body is not cancelled."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:

            async def work() -> None:
                shut_down_elsewhere(executor)
                await use(lone)

            executor.add_node(lone)
            executor.create_task(work)
            await executor.wait_for_shutdown()
            await asyncio.sleep(0)

    run(main)


def test_a_worker_ends_the_executor(context: Context, lone: Node) -> None:
    """As another thread."""
    executor = AsyncioExecutor(context=context)
    waits, may_end, has_ended = threading.Event(), threading.Event(), threading.Event()

    def end(_: Int64) -> None:
        waits.set()
        assert may_end.wait(DEADLINE_SEC)
        executor.shutdown()
        has_ended.set()

    async def work() -> None:
        may_end.set()
        assert has_ended.wait(DEADLINE_SEC)
        await in_next_message(lone)

    a_message(lone, ThreadCallbackGroup(1), end)
    executor.add_node(lone)
    while not waits.is_set():
        executor.spin_once(timeout_sec=0)
    executor.create_task(work)
    executor.spin()
    assert executor.shutdown()


def test_other_errors_of_such_a_step_are_raised(context: Context, lone: Node) -> None:
    """What is no word of this end is heard."""
    executor = AsyncioExecutor(context=context)

    async def work() -> None:
        shut_down_elsewhere(executor)
        try:
            await in_next_message(lone)
        except EntityGoneError as gone:
            raise ExceptionGroup("both", [gone, LookupError()]) from None

    executor.add_node(lone)
    executor.create_task(work)
    with pytest.raises(ExceptionGroup, match="both"):
        executor.spin()
    assert executor.shutdown()


def test_the_end_of_another_executor_is_an_error(context: Context, make_node: MakeNode) -> None:
    """Which cancels nobody here."""
    node, other_node = make_node(), make_node()
    executor, other = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    may_use = threading.Event()
    gone: list[EntityGoneError] = []

    async def meet_it() -> None:
        shut_down_elsewhere(other)
        try:
            await in_next_message(other_node)
        except EntityGoneError as error:
            gone.append(error)
        may_use.set()

    async def work() -> None:
        raise gone[0]

    other.add_node(other_node)
    with Elsewhere(other):
        other.create_task(meet_it)
        assert may_use.wait(DEADLINE_SEC)
    executor.add_node(node)
    executor.create_task(work)
    with pytest.raises(EntityGoneError, match="The executor was shut down"):
        executor.spin()
    executor.shutdown()


def test_who_has_got_its_cancellation_may_fail(context: Context, lone: Node) -> None:
    """A cleanup that wants what is not served any more is wrong, and is told of."""
    executor = AsyncioExecutor(context=context)

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await in_next_message(lone)

    executor.add_node(lone)
    executor.create_task(work)
    executor.spin_once(timeout_sec=0)
    with pytest.raises(EntityGoneError, match="The executor was shut down"):
        executor.shutdown()
