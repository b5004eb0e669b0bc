# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What coroutines may await in their cleanup, while their executor ends: it works, or says why not.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile
from std_msgs.msg import Int64
from std_srvs.srv import Empty
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from tests.support.actions import serve_action
from tests.support.elsewhere import Arrivals, Elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 10.0


class Parts:
    """A node on the executor that ends, and one on another, with what they have to do together."""

    def __init__(self, node: Node, other: Node, executor: AsyncioExecutor) -> None:
        self.node, self.other, self.executor = node, other, executor
        self.client = node.create_client(Empty, "service")
        other.create_service(Empty, "service", lambda request, response: response)
        self.action_client = ActionClient(node, Fibonacci, "action")
        serve_action(other)
        self.publisher = node.create_publisher(Int64, "topic", 10)
        full = QoSProfile(history=HistoryPolicy.KEEP_ALL, depth=0)
        self.patient = node.create_publisher(Int64, "topic", full)
        self.arrivals = Arrivals()
        other.create_subscription(
            Int64, "topic", lambda message: self.arrivals.add(message.data), 10
        )

    async def ready(self) -> None:
        """Wait until each knows the other."""
        await aiorcl.service_ready(self.client)
        await aiorcl.action_ready(self.action_client)
        await aiorcl.subscribers_ready(self.publisher)
        await aiorcl.subscribers_ready(self.patient)

    # What works.

    async def call(self) -> None:
        await aiorcl.call(self.client, Empty.Request())

    async def call_async(self) -> None:
        await self.client.call_async(Empty.Request())

    async def publish(self) -> None:
        await aiorcl.publish(self.publisher, Int64(data=1))

    async def publish_patiently(self) -> None:
        await aiorcl.publish(self.patient, Int64(data=1))

    async def service_ready(self) -> None:
        await aiorcl.service_ready(self.client)

    async def action_ready(self) -> None:
        await aiorcl.action_ready(self.action_client)

    async def subscribers_ready(self) -> None:
        await aiorcl.subscribers_ready(self.publisher)

    async def send_goal_async(self) -> None:
        handle = await self.action_client.send_goal_async(Fibonacci.Goal(order=1))
        await handle.get_result_async()

    async def sleep(self) -> None:
        clock = aiorcl.AsyncioClock(self.node.get_clock())
        await clock.sleep_for_async(Duration(seconds=0.001))

    async def wait_for_shutdown(self) -> None:
        await self.executor.wait_for_shutdown()

    # What does, or does not.

    async def goal(self) -> None:
        async with aiorcl.goal(self.action_client, Fibonacci.Goal(order=1)) as running:
            await running.result()

    async def node_ready(self) -> None:
        await aiorcl.node_ready(self.node, self.other.get_fully_qualified_name())

    async def next_message(self) -> None:
        await aiorcl.next_message(self.node, Int64, "topic", 10)

    async def messages(self) -> None:
        async for _ in aiorcl.messages(self.node, Int64, "topic", 10):
            pass

    async def ticks(self) -> None:
        async for _ in aiorcl.ticks(self.node, 0.001):
            pass

    async def requests(self) -> None:
        async for _ in aiorcl.requests(self.node, Empty, "another_service"):
            pass

    async def parameter_changes(self) -> None:
        async for _ in aiorcl.parameter_changes(self.node):
            pass


WORKS = [
    Parts.call,
    Parts.call_async,
    Parts.publish,
    Parts.publish_patiently,
    Parts.service_ready,
    Parts.action_ready,
    Parts.subscribers_ready,
    Parts.send_goal_async,
    Parts.sleep,
    Parts.wait_for_shutdown,
]
ENDS = [
    Parts.goal,
    Parts.node_ready,
    Parts.next_message,
    Parts.messages,
    Parts.ticks,
    Parts.requests,
    Parts.parameter_changes,
]
Act = Callable[[Parts], Coroutine[Any, Any, None]]


async def in_cleanup(parts: Parts, act: Act, begun: Callable[[], object], told: list[str]) -> None:
    """Act when the end comes."""
    await parts.ready()
    begun()
    try:
        await asyncio.Event().wait()
    finally:
        try:
            async with asyncio.timeout(DEADLINE_SEC):
                await act(parts)
            told.append("works")
        except EntityGoneError:
            told.append("is told")


@pytest.mark.parametrize("way", ["shutdown", "block"])
@pytest.mark.parametrize("act", [*WORKS, *ENDS], ids=lambda act: act.__name__)
def test_in_a_cleanup(run: Run, context: Context, make_node: MakeNode, act: Act, way: str) -> None:
    """Nothing waits for ever, and of what works the other side hears."""
    executor, told = AsyncioExecutor(context=context), list[str]()
    parts = Parts(make_node(), make_node(), executor)
    other = AsyncioExecutor(context=context)
    other.add_node(parts.other)
    executor.add_node(parts.node)

    async def main() -> None:
        begun = asyncio.Event()
        async with executor:
            executor.create_task(in_cleanup, parts, act, begun.set, told)
            await begun.wait()

    with Elsewhere(other):
        if way == "block":
            run(main)
        else:
            has_begun = threading.Event()
            with Elsewhere(executor):
                executor.create_task(in_cleanup, parts, act, has_begun.set, told)
                assert has_begun.wait(DEADLINE_SEC)
        if act in (Parts.publish, Parts.publish_patiently):
            parts.arrivals.wait(lambda arrived: arrived == [1])
    assert told == ["works"] if act in WORKS else told in (["works"], ["is told"])
