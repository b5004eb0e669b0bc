# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Entities of each kind, and what makes them call back.

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, GoalResponse
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci
from test_msgs.srv import BasicTypes

from tests.support.waitables import DrivenInbox, Inbox

#: Makes an entity of the first node, which hands what comes to the callback, by means of the second
#: node, which is on another executor. Returns what makes one number come.
Arrange = Callable[[Node, Node, Callable[[Any], None]], Callable[[int], object]]


def message(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A subscription gets messages."""
    mover.create_subscription(Int64, "topic", lambda message: got(message.data), 100)
    publisher = other.create_publisher(Int64, "topic", 100)
    return lambda number: publisher.publish(Int64(data=number))


def request(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A service gets requests."""

    def handle(request: Any, response: Any) -> Any:
        got(request.int64_value)
        return response

    mover.create_service(BasicTypes, "service", handle)
    client = other.create_client(BasicTypes, "service")
    return lambda number: client.call_async(BasicTypes.Request(int64_value=number))


def response(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A client gets responses."""

    def handle(request: Any, response: Any) -> Any:
        response.int64_value = request.int64_value
        return response

    other.create_service(BasicTypes, "service", handle)
    client = mover.create_client(BasicTypes, "service")

    def send(number: int) -> None:
        future = client.call_async(BasicTypes.Request(int64_value=number))
        future.add_done_callback(lambda future: got(future.result().int64_value))

    return send


def item(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A waitable of the user's gets items."""
    return _inbox(Inbox(mover), got)


def driven_item(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A waitable that says itself when it is ready gets items."""
    return _inbox(DrivenInbox(mover), got)


def _inbox(inbox: Inbox, got: Callable[[Any], None]) -> Callable[[int], object]:
    inbox.on_executed = lambda: got(inbox.executed[-1])
    return inbox.put


def goal(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """An action server gets goals."""

    def decide(request: Any) -> GoalResponse:
        got(request.order)
        return GoalResponse.REJECT

    ActionServer(
        *(mover, Fibonacci, "action", lambda goal: Fibonacci.Result()), goal_callback=decide
    )
    client = ActionClient(other, Fibonacci, "action")
    return lambda number: client.send_goal_async(Fibonacci.Goal(order=number))


def verdict(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """An action client gets the responses to its goals."""
    ActionServer(
        *(other, Fibonacci, "action", lambda goal: Fibonacci.Result()),
        goal_callback=lambda request: GoalResponse.REJECT,
    )
    client = ActionClient(mover, Fibonacci, "action")

    def send(number: int) -> None:
        future = client.send_goal_async(Fibonacci.Goal(order=number))
        future.add_done_callback(lambda future: got(number))

    return send


def trigger(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A guard condition is triggered."""
    last = 0

    def send(number: int) -> None:
        nonlocal last
        last = number
        guard.trigger()

    guard = mover.create_guard_condition(lambda: got(last))
    return send


def due_time(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A timer is due, once for each number."""
    last = 0

    def call() -> None:
        timer.cancel()
        got(last)

    def send(number: int) -> None:
        nonlocal last
        last = number
        timer.reset()

    timer = mover.create_timer(0.001, call)
    timer.cancel()
    return send


def partner(mover: Node, other: Node, got: Callable[[Any], None]) -> Callable[[int], object]:
    """A subscription is told of publishers that come."""
    last = 0

    def send(number: int) -> None:
        nonlocal last
        last = number
        other.create_publisher(Int64, "topic", 10)

    mover.create_subscription(
        *(Int64, "topic", lambda message: None, 10),
        event_callbacks=SubscriptionEventCallbacks(matched=lambda event: got(last)),
    )
    return send


#: Those whose numbers come one by one.
COUNTED = (message, request, response, item, driven_item, goal, verdict)
#: Those of which several at once may be one call.
MERGED = (trigger, due_time, partner)

of_every_kind = pytest.mark.parametrize("arrange", COUNTED + MERGED)
