# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What is destroyed while an executor looks what it has: nothing is read that was freed.
"""A finalizer, or the handler of a signal, may come before any line of what looks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor
from tests.support.instructions import Between, traced
from tests.support.waitables import Inbox, Listener, OneEntity, Ticker

if TYPE_CHECKING:
    _ActionClient = ActionClient[Any, Any, Any]
else:  # not generic at run time on Jazzy
    _ActionClient = ActionClient

#: Makes something of a node that is asked, and returns what destroys it.
Make = Callable[[Node], Callable[[], object]]


def events_of_a_subscription(node: Node) -> Callable[[], object]:
    """The event handlers that rclpy makes with it."""
    subscription = node.create_subscription(Int64, "topic", lambda _: None, 10)
    return lambda: node.destroy_subscription(subscription)


def events_of_a_publisher(node: Node) -> Callable[[], object]:
    """The same of a publisher."""
    publisher = node.create_publisher(Int64, "topic", 10)
    return lambda: node.destroy_publisher(publisher)


class OwnClient(_ActionClient):
    """An action client that says itself when it is ready."""

    def is_ready(self, wait_set: Any) -> bool:
        """As rclpy's."""
        return super().is_ready(wait_set)


def an_action_client(node: Node) -> Callable[[], object]:
    """Its entities come into the wait set by one call of C++."""
    return OwnClient(node, Fibonacci, "action").destroy


def a_users(cls: Callable[[Node], OneEntity]) -> Make:
    """A waitable of the user's, which may hold nothing in use itself."""

    def make(node: Node) -> Callable[[], object]:
        waitable = cls(node)

        def destroy() -> None:
            node.remove_waitable(waitable)
            waitable.entity.destroy_when_not_in_use()

        return destroy

    return make


MAKES = {
    "subscription-event": events_of_a_subscription,
    "publisher-event": events_of_a_publisher,
    "action-client": an_action_client,
    "guard-condition": a_users(Inbox),
    "subscription": a_users(Listener),
    "timer": a_users(Ticker),
}


def ask_at(line: int, executor: AsyncioExecutor, destroy: Callable[[], object]) -> bool:
    """Ask who is ready, and destroy one before a line of that; False if there is no such line."""
    reached: list[int] = []

    def reach() -> None:
        reached.append(line)
        destroy()

    with traced(Between("_serving", line, reach, lines=True)):
        for _ in range(8):
            executor.spin_once(timeout_sec=0)
    return bool(reached)


@pytest.mark.parametrize("make", MAKES.values(), ids=list(MAKES))
def test_a_waitable_before_any_line(context: Context, lone: Node, make: Make) -> None:
    """It is asked no more, and nothing is raised."""
    raised: list[BaseException] = []
    with AsyncioExecutor(
        context=context, on_error=lambda error, _: raised.append(error)
    ) as executor:
        executor.add_node(lone)
        for _ in range(20):
            executor.spin_once(timeout_sec=0)
        for line in itertools.count():
            if not ask_at(line, executor, make(lone)):
                break
        assert line > 10
    assert raised == []


def test_a_subscription_of_large_messages(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its handle is held in use while one is copied without the GIL: rclpy's property gives it."""
    received: list[int] = []
    raised: list[BaseException] = []
    subscription = lone.create_subscription(
        PointCloud2, "topic", lambda message: received.append(message.width), QoSProfile(depth=2)
    )
    publisher = lone.create_publisher(PointCloud2, "topic", 2)
    handle: Any = Subscription.handle

    def destroy_first(self: Any) -> Any:
        monkeypatch.undo()
        lone.destroy_subscription(subscription)
        return handle.fget(self)

    with AsyncioExecutor(
        context=context, on_error=lambda error, _: raised.append(error)
    ) as executor:
        executor.add_node(lone)
        publisher.publish(PointCloud2(width=1, data=bytes(2_000_000)))
        while not received:
            executor.spin_once(timeout_sec=1)
        publisher.publish(PointCloud2(width=2, data=bytes(2_000_000)))
        monkeypatch.setattr(Subscription, "handle", property(destroy_first))
        while Subscription.handle is not handle:
            executor.spin_once(timeout_sec=1)
        executor.spin_once(timeout_sec=0)
    assert received == [1]
    assert raised == []
