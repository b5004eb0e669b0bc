# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks that raise, and how a callback of each kind of entity comes to do so.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from tests.support.executors import breaks, new_future
from tests.support.turns import Turn
from tests.support.waitables import Inbox

if TYPE_CHECKING:
    from rclpy.executors import Executor

    Callback = Callable[..., Any]
    Make = Callable[..., Callback]
    Arrange = Callable[[Executor, Node, Make, BaseException], object]


class WrongError(Exception):
    """What the callbacks raise."""


@dataclass(frozen=True)
class FrozenError(Exception):
    """One that takes no attributes: no note, and no traceback but by its methods."""

    reason: str

    __reduce__ = Exception.__reduce__


def nothing() -> None:
    """Do nothing."""


def nothing_of(_: object) -> None:
    """Do nothing."""


def plainly(error: BaseException, first: Callable[[], object] = nothing) -> Callback:
    """Make a callback that raises."""

    def callback(_: object = None, __: object = None) -> None:
        first()
        raise error

    return callback


def before_await(error: BaseException, first: Callable[[], object] = nothing) -> Callback:
    """Make a coroutine callback that raises in its first step."""

    async def callback(_: object = None, __: object = None) -> None:
        first()
        raise error

    return callback


def after_await(error: BaseException, first: Callable[[], object] = nothing) -> Callback:
    """Make a coroutine callback that raises in its second step."""

    async def callback(_: object = None, __: object = None) -> None:
        first()
        await Turn()
        raise error

    return callback


def in_subscription(_: Executor, node: Node, make: Make, error: BaseException) -> object:
    """Let a message raise ``error``."""
    subscription = node.create_subscription(Int64, "topic", make(error), 10)
    node.create_publisher(Int64, "topic", 10).publish(Int64())
    return subscription


def in_timer(_: Executor, node: Node, make: Make, error: BaseException) -> object:
    """Let a timer, on its one call, raise ``error``."""

    def once() -> None:
        timer.cancel()

    timer = node.create_timer(0.001, make(error, once))
    return timer


def in_service(_: Executor, node: Node, make: Make, error: BaseException) -> object:
    """Let a request raise ``error``."""
    node.create_service(Trigger, "service", make(error))
    return node.create_client(Trigger, "service").call_async(Trigger.Request())


def in_guard_condition(_: Executor, node: Node, make: Make, error: BaseException) -> object:
    """Let a guard condition raise ``error``."""
    guard = node.create_guard_condition(make(error))
    guard.trigger()
    return guard


def in_qos_event(_: Executor, node: Node, make: Make, error: BaseException) -> object:
    """Let an event of a publisher, its match with a subscription, raise ``error``."""
    publisher = node.create_publisher(
        Int64, "topic", 10, event_callbacks=PublisherEventCallbacks(matched=make(error))
    )
    return publisher, node.create_subscription(Int64, "topic", nothing_of, 10)


def in_waitable(_: Executor, node: Node, make: Make, error: BaseException) -> object:
    """Let what a waitable executes raise ``error``."""
    inbox = Inbox(node)
    inbox.execute = make(error)  # type: ignore[method-assign]
    inbox.put(1)
    return inbox


def in_feedback(_: Executor, node: Node, make: Make, error: BaseException) -> object:
    """Let the feedback of a goal raise ``error``."""

    def execute(goal: Any) -> Fibonacci.Result:
        goal.publish_feedback(Fibonacci.Feedback())
        goal.succeed()
        return Fibonacci.Result()

    server = ActionServer(node, Fibonacci, "action", execute)
    client = ActionClient(node, Fibonacci, "action")
    return server, client, client.send_goal_async(Fibonacci.Goal(), feedback_callback=make(error))


def in_task(executor: Executor, _: Node, make: Make, error: BaseException) -> object:
    """Let a task raise ``error``."""
    return executor.create_task(make(error))


def in_done_callback(executor: Executor, _: Node, make: Make, error: BaseException) -> object:
    """Let a callback of a future raise ``error``."""
    future = new_future(executor)
    future.add_done_callback(make(error))
    future.set_result(None)
    return future


ARRANGEMENTS = [
    in_subscription,
    in_timer,
    in_service,
    pytest.param(in_guard_condition, marks=breaks(events="does not support guard conditions")),
    pytest.param(in_qos_event, marks=breaks(events="crashes when it is destroyed")),
    pytest.param(in_waitable, marks=breaks(events="does not support guard conditions")),
    pytest.param(in_feedback, marks=breaks(events="crashes when it is destroyed")),
    in_task,
    in_done_callback,
]
CALLBACKS = [plainly, before_await, after_await]


def name(part: object) -> str:
    """Name a parameter by its function."""
    return getattr(part, "__name__", "")


def raise_soon(node: Node, error: BaseException) -> None:
    """Raise in a callback of the node, once."""

    def once() -> None:
        timer.cancel()

    timer = node.create_timer(0.001, plainly(error, once))
