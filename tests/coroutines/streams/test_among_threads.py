# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Streams of an executor whose callbacks run in threads.

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from geometry_msgs.msg import PointStamped
from rclpy.context import Context
from rclpy.event_handler import QoSPublisherEventType
from rclpy.node import Node
from std_srvs.srv import Trigger

import aiorcl
from aiorcl._coroutines.streams.stream import Feed
from aiorcl._program.stand_ins import MultiThreadedExecutor

DEADLINE_SEC = 20.0


async def messages(node: Node) -> None:
    """Receive one."""
    publisher = node.create_publisher(PointStamped, "topic", 1)
    async with aiorcl.messages(node, PointStamped, "topic") as stream:
        publisher.publish(PointStamped())
        await anext(stream)


async def synchronized(node: Node) -> None:
    """Receive one of each topic."""
    publishers = [node.create_publisher(PointStamped, topic, 1) for topic in "ab"]
    async with aiorcl.synchronized(node, (PointStamped, "a"), (PointStamped, "b")) as stream:
        for publisher in publishers:
            publisher.publish(PointStamped())
        await anext(stream)


async def requests(node: Node) -> None:
    """Answer one."""
    client = node.create_client(Trigger, "service")
    async with aiorcl.requests(node, Trigger, "service") as stream:
        future = client.call_async(Trigger.Request())
        (await anext(stream)).respond()
        await future


async def ticks(node: Node) -> None:
    """Wait for one."""
    async with aiorcl.ticks(node, 0.001) as stream:
        await anext(stream)


async def qos_events(node: Node) -> None:
    """Hear of a subscription."""
    publisher = node.create_publisher(PointStamped, "topic", 1)
    matched = QoSPublisherEventType.RCL_PUBLISHER_MATCHED
    async with aiorcl.qos_events(node, publisher, matched) as stream:
        node.create_subscription(PointStamped, "topic", print, 1)
        await anext(stream)


@pytest.mark.parametrize("use", [messages, synchronized, requests, ticks, qos_events])
def test_streams_are_fed_on_the_loop(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch, use: Callable[[Node], Any]
) -> None:
    """They belong to it; only callbacks of the user run in threads."""
    threads: list[threading.Thread] = []
    put = Feed.put

    def note(self: Feed[Any], item: Any) -> None:
        threads.append(threading.current_thread())
        put(self, item)

    monkeypatch.setattr(Feed, "put", note)
    executor = MultiThreadedExecutor(2, context=context)
    executor.add_node(lone)
    try:
        task = executor.create_task(use, lone)
        executor.spin_until_future_complete(task, DEADLINE_SEC)
        assert task.done()
        task.result()
    finally:
        executor.shutdown(timeout_sec=DEADLINE_SEC)
    assert set(threads) == {threading.main_thread()}
