# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Client and server of a goal end together: what executes it answers, however late, and nobody else.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.context import Context
from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError, ThreadCallbackGroup
from aiorcl._rclpy.private import callbacks_of
from aiorcl._rclpy.private_actions import result_futures_of
from aiorcl._serving.unanswered import Unanswered
from tests.support.actions import SEQUENCE
from tests.support.elsewhere import Elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 10.0

#: How often it is looked at, at least, whether somebody answers, before a result comes.
LOOKS = 4

#: Runs a goal, and notes what its result is when the end has come.
Ask = Callable[[Any, Callable[[], Coroutine[Any, Any, None]], list[Any]], Coroutine[Any, Any, None]]


async def until_the_end(heard: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Wait, once the server has heard of the goal, to be cancelled."""
    await heard()
    await asyncio.Event().wait()


async def in_a_block(client: Any, heard: Any, results: list[Any]) -> None:
    """Have the goal as a block."""
    async with aiorcl.goal(client, Fibonacci.Goal()) as running:
        try:
            await until_the_end(heard)
        finally:
            async with asyncio.timeout(DEADLINE_SEC):
                results.append((await running.result()).sequence)


async def asked_before(client: Any, heard: Any, results: list[Any]) -> None:
    """Ask for the result as rclpy does."""
    await aiorcl.action_ready(client)
    handle = await client.send_goal_async(Fibonacci.Goal())
    result = handle.get_result_async()
    try:
        await until_the_end(heard)
    finally:
        async with asyncio.timeout(DEADLINE_SEC):
            results.append((await result).result.sequence)


ASK = [in_a_block, asked_before]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Semaphore]:
    """Has one more with each look."""
    counted, look = threading.Semaphore(0), Unanswered._look

    def look_and_count(self: Unanswered) -> None:
        look(self)
        counted.release()

    monkeypatch.setattr(Unanswered, "_look", look_and_count)
    yield counted
    for _ in range(2 * LOOKS):  # a test that fails leaves no thread waiting
        counted.release()


def serve_late(node: Node, kind: str, looks: threading.Semaphore) -> ActionServer[Any, Any, Any]:
    """Offer an action whose result comes only some looks after its goal has succeeded."""

    def wait() -> None:
        for _ in range(LOOKS):
            assert looks.acquire(timeout=DEADLINE_SEC)

    async def execute_served(_: Any) -> Fibonacci.Result:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.to_thread(wait)
        return Fibonacci.Result(sequence=SEQUENCE)

    async def execute(goal: Any) -> Fibonacci.Result:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            goal.succeed()
            await asyncio.to_thread(wait)
        return Fibonacci.Result(sequence=SEQUENCE)

    def execute_in_worker(goal: Any) -> Fibonacci.Result:
        assert looks.acquire(timeout=DEADLINE_SEC)  # of the end
        goal.succeed()
        wait()
        return Fibonacci.Result(sequence=SEQUENCE)

    if kind == "served":
        return aiorcl.serve_action(node, Fibonacci, "action", execute_served)
    callback: Any = execute if kind == "coroutine" else execute_in_worker
    group = ThreadCallbackGroup(1) if kind == "worker" else None
    return ActionServer(node, Fibonacci, "action", callback, callback_group=group)


@pytest.mark.parametrize("ask", ASK, ids=lambda ask: ask.__name__)
@pytest.mark.parametrize("kind", ["coroutine", "worker", "served"])
def test_a_late_result(
    context: Context, make_node: MakeNode, looks: threading.Semaphore, kind: str, ask: Ask
) -> None:
    """It is waited for while something executes the goal, whatever its state is."""
    node, begun, results = make_node(), threading.Event(), list[Any]()
    server = serve_late(node, kind, looks)
    client = ActionClient(node, Fibonacci, "action")

    async def heard() -> None:
        await until_asked(server)
        begun.set()

    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    with Elsewhere(executor):
        executor.create_task(ask, client, heard, results)
        assert begun.wait(DEADLINE_SEC)
    assert [list(sequence) for sequence in results] == [SEQUENCE]


@pytest.mark.parametrize("ask", ASK, ids=lambda ask: ask.__name__)
def test_a_goal_that_nothing_executes(context: Context, make_node: MakeNode, ask: Ask) -> None:
    """Who accepted it has kept its handle for later, and nobody waits for that."""
    node, begun, handles = make_node(), threading.Event(), list[Any]()
    raised: list[BaseException] = []
    server = ActionServer(
        *(node, Fibonacci, "action", lambda _: Fibonacci.Result()),
        handle_accepted_callback=handles.append,
        cancel_callback=lambda _: CancelResponse.ACCEPT,
    )
    client = ActionClient(node, Fibonacci, "action")

    async def heard() -> None:
        await until_asked(server)
        begun.set()

    async def run() -> None:
        try:
            await ask(client, heard, [])
        except Exception as error:
            raised.append(error)

    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    with Elsewhere(executor):
        executor.create_task(run)
        assert begun.wait(DEADLINE_SEC)
    assert [type(error) for error in raised] == [EntityGoneError]
    assert len(handles) == 1


async def until_asked(server: ActionServer[Any, Any, Any]) -> None:
    """Wait until a server has the request for the result of its goal."""
    futures = result_futures_of(server)
    while not any(callbacks_of(future) for future in futures.values()):  # noqa: ASYNC110
        await asyncio.sleep(0)
