# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks of each kind that block under MultiThreadedExecutor: in threads, by the rules of groups.

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import rclpy.executors
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl._program import stand_ins
from tests.support.makers import MakeNode

DEADLINE_SEC = 20.0
TICKS = 5
EXECUTORS = [rclpy.executors.MultiThreadedExecutor, stand_ins.MultiThreadedExecutor]


@pytest.fixture(params=EXECUTORS, ids=["rclpy", "stand-in"])
def executor(
    context: Context, make_node: MakeNode, request: pytest.FixtureRequest
) -> Iterator[Executor]:
    """One of each with four threads, which is shut down before the nodes are destroyed."""
    executor = request.param(4, context=context)
    yield executor
    executor.shutdown(timeout_sec=DEADLINE_SEC)


class Blocking:
    """A callback that blocks until a timer of another group has ticked some times meanwhile."""

    def __init__(self, node: Node, group: Any, result: Any = None) -> None:
        self.done: Any = Future()
        self.thread: threading.Thread | None = None
        self.beside: list[str] = []  # what ran meanwhile
        self._result = result
        self._begun, self._go_on = threading.Event(), threading.Event()
        others = ReentrantCallbackGroup()
        node.create_timer(0.001, lambda: self._tick("other"), callback_group=others)
        node.create_timer(0.001, lambda: self._tick("same"), callback_group=group)

    def _tick(self, which: str) -> None:
        if not self._begun.is_set() or self._go_on.is_set():
            return
        self.beside.append(which)
        if self.beside.count("other") == TICKS:
            self._go_on.set()

    def __call__(self, *args: Any) -> Any:
        self.thread = threading.current_thread()
        self._begun.set()
        self._go_on.wait(DEADLINE_SEC / 4)
        self.done.set_result(None)
        return self._result


class Actions:
    """A server in a group, and a client that sends it a goal."""

    def __init__(self, node: Node, group: Any, **callbacks: Any) -> None:
        callbacks.setdefault("cancel_callback", lambda goal: CancelResponse.ACCEPT)
        self.server = ActionServer(
            *(node, Fibonacci, "action", self._execute), callback_group=group, **callbacks
        )
        self.client = ActionClient(node, Fibonacci, "action", callback_group=group)
        assert self.client.wait_for_server(DEADLINE_SEC)

    def _execute(self, goal: Any) -> Fibonacci.Result:
        goal.publish_feedback(Fibonacci.Feedback())
        goal.succeed()
        return Fibonacci.Result()

    def send(self, **options: Any) -> Any:
        """Send a goal."""
        return self.client.send_goal_async(Fibonacci.Goal(), **options)


def _keep(goal: Any) -> None:
    """Execute it not yet."""


def goal(node: Node, group: Any) -> Blocking:
    """Decide on a goal."""
    blocking = Blocking(node, group, GoalResponse.REJECT)
    Actions(node, group, goal_callback=blocking).send()
    return blocking


def accepted(node: Node, group: Any) -> Blocking:
    """Hear of a goal that was accepted."""
    blocking = Blocking(node, group)
    Actions(node, group, handle_accepted_callback=blocking).send()
    return blocking


def cancel(node: Node, group: Any) -> Blocking:
    """Decide on a cancellation."""
    blocking = Blocking(node, group, CancelResponse.ACCEPT)
    actions = Actions(node, group, handle_accepted_callback=_keep, cancel_callback=blocking)
    actions.send().add_done_callback(lambda sent: sent.result().cancel_goal_async())
    return blocking


def feedback(node: Node, group: Any) -> Blocking:
    """Hear of feedback."""
    blocking = Blocking(node, group)
    Actions(node, group).send(feedback_callback=blocking)
    return blocking


def goal_response(node: Node, group: Any) -> Blocking:
    """Hear that a goal was accepted."""
    blocking = Blocking(node, group)
    Actions(node, group, handle_accepted_callback=_keep).send().add_done_callback(blocking)
    return blocking


def result(node: Node, group: Any) -> Blocking:
    """Hear of the result of a goal."""
    blocking = Blocking(node, group)

    def get_result(sent: Any) -> None:
        sent.result().get_result_async().add_done_callback(blocking)

    Actions(node, group).send().add_done_callback(get_result)
    return blocking


def event_of_publisher(node: Node, group: Any) -> Blocking:
    """Hear of a subscription."""
    blocking = Blocking(node, group)
    node.create_publisher(
        *(Int64, "topic", 1),
        event_callbacks=PublisherEventCallbacks(matched=blocking),
        callback_group=group,
    )
    subscribe = partial(node.create_subscription, Int64, "topic", print, 1)
    _once(node, subscribe, ReentrantCallbackGroup())  # what came before is not told
    return blocking


def event_of_subscription(node: Node, group: Any) -> Blocking:
    """Hear of a publisher."""
    blocking = Blocking(node, group)
    node.create_subscription(
        *(Int64, "topic", print, 1),
        event_callbacks=SubscriptionEventCallbacks(matched=blocking),
        callback_group=group,
    )
    publish = partial(node.create_publisher, Int64, "topic", 1)
    _once(node, publish, ReentrantCallbackGroup())  # what came before is not told
    return blocking


def timer(node: Node, group: Any) -> Blocking:
    """Tick."""
    blocking = Blocking(node, group)
    _once(node, blocking, group)
    return blocking


def service(node: Node, group: Any) -> Blocking:
    """Answer a request."""
    blocking = Blocking(node, group, Trigger.Response())
    node.create_service(Trigger, "service", blocking, callback_group=group)
    client = node.create_client(Trigger, "service", callback_group=group)
    assert client.wait_for_service(DEADLINE_SEC)
    client.call_async(Trigger.Request())
    return blocking


def _once(node: Node, call: Callable[[], object], group: Any) -> None:
    def tick() -> None:
        once.cancel()
        call()

    once = node.create_timer(0.01, tick, callback_group=group)


IN_GROUPS = [
    *(goal, accepted, cancel, feedback),
    *(event_of_publisher, event_of_subscription, timer, service),
]


@pytest.mark.parametrize("kind", [*IN_GROUPS, goal_response, result])
def test_others_go_on(executor: Executor, make_node: MakeNode, kind: Any) -> None:
    """One that blocks has a thread, and holds up no timer of another group."""
    node = make_node()
    blocking = kind(node, ReentrantCallbackGroup())
    executor.add_node(node)
    executor.spin_until_future_complete(blocking.done, timeout_sec=DEADLINE_SEC)
    assert blocking.beside.count("other") == TICKS
    assert blocking.thread is not threading.main_thread()


@pytest.mark.parametrize("kind", IN_GROUPS)
def test_its_group_waits(executor: Executor, make_node: MakeNode, kind: Any) -> None:
    """While one blocks, a timer of its mutually exclusive group does not tick."""
    node = make_node()
    blocking = kind(node, MutuallyExclusiveCallbackGroup())
    executor.add_node(node)
    executor.spin_until_future_complete(blocking.done, timeout_sec=DEADLINE_SEC)
    assert blocking.beside == ["other"] * TICKS
