# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Coroutines of another class than Python's own, as of functions that Cython has compiled.

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.context import Context
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, ThreadCallbackGroup

if TYPE_CHECKING:
    from tests.support.makers import Run


class Compiled(Coroutine[Any, Any, Any]):
    """A coroutine that says what it is by the abstract class only."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine

    def send(self, value: Any) -> Any:
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()


class Ran:
    """Makes callbacks that return such a coroutine, and waits for those that came to their end."""

    def __init__(self) -> None:
        self._ended: asyncio.Queue[str] = asyncio.Queue()

    def callback(self, name: str, result: Callable[..., Any] | None = None) -> Any:
        async def coroutine(*args: Any) -> Any:
            await asyncio.sleep(0)
            self._ended.put_nowait(name)
            return None if result is None else result(*args)

        return lambda *args: Compiled(coroutine(*args))

    async def all_of(self, *names: str) -> None:
        missing = set(names)
        while missing:
            missing.discard(await self._ended.get())


def test_callbacks_of_entities(run: Run, context: Context, lone: Node) -> None:
    """A timer, also one in a worker, a subscription, a service and a QoS event."""

    async def main() -> None:
        ran = Ran()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            lone.create_timer(0.0, ran.callback("timer"))
            group = ThreadCallbackGroup(1)
            lone.create_timer(0.0, ran.callback("worker"), callback_group=group)
            lone.create_subscription(Int64, "topic", ran.callback("subscription"), 10)
            callbacks = PublisherEventCallbacks(matched=ran.callback("event"))
            publisher = lone.create_publisher(Int64, "topic", 10, event_callbacks=callbacks)
            publisher.publish(Int64())
            lone.create_service(
                Trigger, "service", ran.callback("service", lambda _, answer: answer)
            )
            client = lone.create_client(Trigger, "service")
            assert isinstance(await aiorcl.call(client, Trigger.Request()), Trigger.Response)
            await ran.all_of("timer", "worker", "subscription", "event", "service")

    run(main)


def test_tasks_and_done_callbacks(run: Run, context: Context) -> None:
    """What the function of a task returns is awaited, as is such a coroutine itself."""

    async def main() -> None:
        ran = Ran()
        async with AsyncioExecutor(context=context) as executor:
            assert await executor.create_task(ran.callback("function", lambda: 1)) == 1
            assert await executor.create_task(ran.callback("coroutine", lambda: 2)()) == 2
            future = executor.create_future()
            future.add_done_callback(ran.callback("done"))
            future.set_result(None)
            await ran.all_of("function", "coroutine", "done")

    run(main)


def test_callbacks_of_an_action_server(run: Run, context: Context, lone: Node) -> None:
    """The goal and the cancel callback decide by what they return, and a goal is executed."""

    async def main() -> None:
        ran = Ran()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            cancelled = asyncio.Event()

            def cancel(_: Any) -> CancelResponse:
                cancelled.set()
                return CancelResponse.ACCEPT

            async def execute(goal: Any) -> Fibonacci.Result:
                await cancelled.wait()
                await asyncio.sleep(0)  # rclpy notes in the goal that it is asked to
                goal.canceled()
                return Fibonacci.Result(sequence=[1])

            ActionServer(
                *(lone, Fibonacci, "action", lambda goal: Compiled(execute(goal))),
                goal_callback=ran.callback("goal", lambda _: GoalResponse.ACCEPT),
                cancel_callback=ran.callback("cancel", cancel),
            )
            client = ActionClient(lone, Fibonacci, "action")
            await aiorcl.action_ready(client)
            goal = await client.send_goal_async(Fibonacci.Goal())
            assert goal.accepted
            assert (await goal.cancel_goal_async()).goals_canceling
            answer = await goal.get_result_async()
            assert list(answer.result.sequence) == [1]
            await ran.all_of("goal", "cancel")

    run(main)


def test_such_a_coroutine_is_named_where_it_is_no_argument(
    context: Context,
) -> None:
    """And is closed, or it would complain that it never ran."""
    executor = AsyncioExecutor(context=context)
    coroutine = Ran().callback("never")()
    try:
        with pytest.raises(TypeError, match=r"create_task\(Compiled\(\)\)"):
            executor.spin_until_future_complete(coroutine)
    finally:
        executor.shutdown()
