# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Calls on entities that were made a moment ago, at which their executor has not looked yet.
"""It looks on its own thread, so an entity that another thread has made may be used before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.elsewhere import Elsewhere, call_elsewhere
from tests.support.threads import answer

if TYPE_CHECKING:
    from tests.support.makers import Run

DEADLINE_SEC = 10.0


def a_client(node: Node) -> tuple[Any, Callable[[], Any], str]:
    """Return a client, a call that blocks, and the method that this calls."""
    client = node.create_client(Trigger, "nobody")
    return client, lambda: client.call(Trigger.Request()), "call_async"


def an_action_client(node: Node) -> tuple[Any, Callable[[], Any], str]:
    """The same of an action."""
    client = ActionClient(node, Fibonacci, "nobody")
    return client, lambda: client.send_goal(Fibonacci.Goal()), "send_goal_async"  # type: ignore[call-arg]


@pytest.mark.parametrize("new_node", [True, False], ids=["new node", "node"])
@pytest.mark.parametrize("make", [a_client, an_action_client])
def test_a_shutdown_ends_a_call(context: Context, lone: Node, make: Any, new_node: bool) -> None:
    """It raises CancelledError, as that of an entity which is watched."""
    sent = threading.Event()
    raised: list[BaseException] = []

    def call() -> None:
        executor.add_node(lone)
        client, wait, method = make(lone)
        send = getattr(client, method)

        def note(*args: Any, **options: Any) -> Any:
            sent.set()
            return send(*args, **options)

        setattr(client, method, note)
        try:
            wait()
        except BaseException as error:
            raised.append(error)

    executor = AsyncioExecutor(context=context)
    if not new_node:
        executor.add_node(lone)
    caller = threading.Thread(target=call, daemon=True)
    with Elsewhere(executor) as elsewhere, elsewhere.busy():
        caller.start()
        assert sent.wait(DEADLINE_SEC)
    caller.join(DEADLINE_SEC)
    assert [isinstance(error, asyncio.CancelledError) for error in raised] == [True]


@pytest.mark.parametrize("make", [a_client, an_action_client])
def test_what_could_never_end_is_refused(context: Context, lone: Node, make: Any) -> None:
    """Also on an entity that another thread has made during the callback that calls."""
    made: list[Any] = []

    def callback() -> None:
        call_elsewhere(lambda: made.append(make(lone)))
        made[0][1]()

    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        task = executor.create_task(callback)
        with pytest.raises(RuntimeError, match="would never return"):
            executor.spin_until_future_complete(task)


def test_a_coroutine_awaits_a_call(run: Run, context: Context, lone: Node) -> None:
    """With a client that another thread has made."""

    async def main() -> None:
        made: list[Any] = []
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            lone.create_service(Trigger, "service", answer)
            call_elsewhere(lambda: made.append(lone.create_client(Trigger, "service")))
            assert (await aiorcl.call(made[0], Trigger.Request())).success

    run(main)


def test_events_of_an_entity_are_heard(run: Run, context: Context, lone: Node) -> None:
    """By the callback that hears of events, on the thread of the executor."""

    async def main() -> None:
        made: list[Any] = []
        heard: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            call_elsewhere(lambda: made.append(lone.create_service(Trigger, "service", answer)))
            made[0].set_on_new_request_callback(heard.set_result)
            client = lone.create_client(Trigger, "service")
            await aiorcl.call(client, Trigger.Request())
            assert await heard == 1

    run(main)
