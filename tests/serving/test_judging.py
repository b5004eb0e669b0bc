# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks of actions and of QoS events are judged by what they return, whatever they are.

from __future__ import annotations

import asyncio
import functools
import gc
import weakref
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.context import Context
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.actions import SEQUENCE, execute

if TYPE_CHECKING:
    from tests.support.makers import Run

Callback = Callable[..., Any]
Asynchronous = Callable[..., Coroutine[Any, Any, Any]]


class CallableObject:
    """An object that is called, which makes a coroutine."""

    def __init__(self, function: Asynchronous) -> None:
        self._function = function

    async def __call__(self, *args: Any) -> Any:
        """Do what the function does."""
        return await self._function(*args)


def partial(function: Asynchronous) -> Callback:
    """Bind nothing: it is another object."""
    return functools.partial(function)


def returning(function: Asynchronous) -> Callback:
    """Return the coroutine from a plain function."""
    return lambda *args: function(*args)


FORMS = pytest.mark.parametrize("form", [CallableObject, partial, returning])


@pytest.fixture
def client(lone: Node) -> ActionClient[Any, Any, Any]:
    """A client of the action."""
    return ActionClient(lone, Fibonacci, "action")


@FORMS
def test_each_callback_of_an_action(
    run: Run,
    context: Context,
    lone: Node,
    client: ActionClient[Any, Any, Any],
    form: Callable[[Asynchronous], Callback],
) -> None:
    """All of them may wait, for others of the node too."""
    called: list[str] = []

    async def decide(goal: Any) -> GoalResponse:
        await asyncio.sleep(0)
        called.append("goal")
        return GoalResponse.ACCEPT

    async def accepted(handle: Any) -> None:
        await asyncio.sleep(0)
        called.append("accepted")
        handle.execute()

    async def cancel(handle: Any) -> CancelResponse:
        await asyncio.sleep(0)
        called.append("cancel")
        return CancelResponse.ACCEPT

    async def executed(handle: Any) -> Fibonacci.Result:
        called.append("execute")
        return await execute(handle)

    async def feedback(message: Any) -> None:
        await asyncio.sleep(0)
        called.append("feedback")

    server = ActionServer(
        *(lone, Fibonacci, "action", form(executed)),
        goal_callback=form(decide),
        handle_accepted_callback=form(accepted),
        cancel_callback=form(cancel),
    )

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await aiorcl.action_ready(client)
            handle = await client.send_goal_async(
                Fibonacci.Goal(order=0), feedback_callback=form(feedback)
            )
            assert handle is not None
            assert handle.accepted
            while "execute" not in called:  # noqa: ASYNC110
                await asyncio.sleep(0)
            (served,) = server._goal_handles.values()
            served.publish_feedback(Fibonacci.Feedback(sequence=[1]))
            while "feedback" not in called:  # noqa: ASYNC110
                await asyncio.sleep(0)
            await handle.cancel_goal_async()
            response: Any = await handle.get_result_async()
            assert response.status == GoalStatus.STATUS_CANCELED
            assert list(response.result.sequence) == SEQUENCE
        client.destroy()
        server.destroy()

    run(main)
    assert called == ["goal", "accepted", "execute", "feedback", "cancel"]


def test_a_coroutine_that_decides_ends_with_its_executor(
    run: Run, context: Context, lone: Node, client: ActionClient[Any, Any, Any]
) -> None:
    """It is cancelled where it waits, and nothing is left that was never awaited."""
    began, ended = asyncio.Event(), []

    async def decide(goal: Any) -> GoalResponse:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        raise AssertionError

    server = ActionServer(lone, Fibonacci, "action", execute, goal_callback=returning(decide))

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await aiorcl.action_ready(client)
            client.send_goal_async(Fibonacci.Goal())
            await began.wait()
        client.destroy()
        server.destroy()

    run(main)
    assert ended == [True]


@pytest.mark.parametrize("where", ["goal", "accepted", "cancel"])
def test_a_task_that_a_coroutine_begins_keeps_no_server(
    run: Run, context: Context, lone: Node, client: ActionClient[Any, Any, Any], where: str
) -> None:
    """Its context knows nothing of who has called the coroutine."""
    tasks: list[asyncio.Task[object]] = []

    def begin_in(name: str) -> None:
        if name == where:
            tasks.append(asyncio.create_task(asyncio.Event().wait()))

    async def decide(goal: Any) -> GoalResponse:
        begin_in("goal")
        return GoalResponse.ACCEPT

    async def accepted(handle: Any) -> None:
        begin_in("accepted")
        handle.execute()

    async def cancel(handle: Any) -> CancelResponse:
        begin_in("cancel")
        return CancelResponse.ACCEPT

    def serve() -> ActionServer[Any, Any, Any]:
        return ActionServer(
            *(lone, Fibonacci, "action", execute),
            goal_callback=returning(decide),
            handle_accepted_callback=returning(accepted),
            cancel_callback=returning(cancel),
        )

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = serve()
            await aiorcl.action_ready(client)
            handle = await client.send_goal_async(Fibonacci.Goal(order=0))
            assert handle is not None
            await handle.cancel_goal_async()
            await handle.get_result_async()
            reference = weakref.ref(server)
            server.destroy()
            del server, handle
            await asyncio.sleep(0)
            gc.collect()
            assert reference() is None
            (task,) = tasks
            task.cancel()
        client.destroy()

    run(main)


@FORMS
def test_a_callback_of_a_qos_event(
    run: Run, context: Context, lone: Node, form: Callable[[Asynchronous], Callback]
) -> None:
    """It may wait."""
    matched: list[int] = []

    async def callback(event: Any) -> None:
        await asyncio.sleep(0)
        matched.append(event.current_count)

    lone.create_publisher(
        Int64, "topic", 10, event_callbacks=PublisherEventCallbacks(matched=form(callback))
    )
    lone.create_subscription(Int64, "topic", lambda message: None, 10)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            while not matched:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    run(main)
    assert matched == [1]
