# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# rclpy.spin and its kin, with an executor of their caller's choice.

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from tests.support.elsewhere import shut_down_elsewhere
from tests.support.executors import breaks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.executors import Executor


def test_spin_once_serves_the_node_for_one_callback(executor: Executor, lone: Node) -> None:
    """rclpy.spin_once adds the node, runs one callback and removes the node."""
    received: list[int] = []
    lone.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    publisher = lone.create_publisher(Int64, "topic", 10)
    rclpy.spin_once(lone, executor=executor, timeout_sec=0)
    for number in range(3):
        publisher.publish(Int64(data=number))
        while len(received) <= number:
            rclpy.spin_once(lone, executor=executor, timeout_sec=10)
            assert executor.get_nodes() == []
    assert received == [0, 1, 2]


def test_spin_once_leaves_a_node_that_was_there(executor: Executor, node: Node) -> None:
    """A node that was on the executor before stays on it."""
    rclpy.spin_once(node, executor=executor, timeout_sec=0)
    assert executor.get_nodes() == [node]


@breaks(events_jazzy="drops the coroutine without awaiting it", single="needs a group of its own")
def test_spin_once_keeps_a_coroutine_alive(executor: Executor, lone: Node, spin: Spinner) -> None:
    """A coroutine callback survives that its node is removed after each call.

    design: removing a node cancels its coroutines only while the loop runs.
    """
    steps: list[str] = []
    future = new_future(executor)

    async def callback(message: Int64) -> None:
        steps.append("begun")
        steps.append(f"got {await future}")

    lone.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]  # a coroutine
    lone.create_publisher(Int64, "topic", 10).publish(Int64())
    while not steps:
        rclpy.spin_once(lone, executor=executor, timeout_sec=10)
    for _ in range(5):
        rclpy.spin_once(lone, executor=executor, timeout_sec=0)
    assert steps == ["begun"]
    future.set_result(2)
    while len(steps) < 2:
        rclpy.spin_once(lone, executor=executor, timeout_sec=0.01)
    assert steps == ["begun", "got 2"]


def test_spin_until_future_complete_serves_the_node(executor: Executor, lone: Node) -> None:
    """rclpy.spin_until_future_complete brings a call to its end, and removes the node."""
    lone.create_service(Trigger, "service", lambda _, response: response)
    future = lone.create_client(Trigger, "service").call_async(Trigger.Request())
    rclpy.spin_until_future_complete(lone, future, executor=executor, timeout_sec=10)
    assert future.done()
    assert executor.get_nodes() == []


def test_spin_until_future_complete_times_out(executor: Executor, lone: Node) -> None:
    """A future that is not completed in time is left pending."""
    future: Future[None] = Future()
    rclpy.spin_until_future_complete(lone, future, executor=executor, timeout_sec=0.01)
    assert not future.done()


@breaks(events="spin() without a deadline may hang")
def test_spin_serves_the_node_until_the_context_goes_down(
    context: Context, executor: Executor, lone: Node
) -> None:
    """rclpy.spin ends when a callback shuts the context down, and removes the node."""
    received: list[int] = []

    def callback(message: Int64) -> None:
        received.append(message.data)
        if len(received) == 3:
            context.shutdown()

    lone.create_subscription(Int64, "topic", callback, 10)
    publisher = lone.create_publisher(Int64, "topic", 10)
    for number in range(3):
        publisher.publish(Int64(data=number))
    rclpy.spin(lone, executor)
    assert received == [0, 1, 2]
    assert executor.get_nodes() == []


@breaks(events="spin() without a deadline may hang")
def test_spin_raises_when_the_context_goes_down_outside(
    context: Context, executor: Executor, lone: Node
) -> None:
    """rclpy.spin raises ExternalShutdownException when another thread ends the context."""
    with shut_down_elsewhere(context), pytest.raises(ExternalShutdownException):
        rclpy.spin(lone, executor)


@breaks(events="spin() without a deadline may hang")
def test_spin_lets_exceptions_out(executor: Executor, lone: Node) -> None:
    """What a callback raises ends rclpy.spin, and the node is removed all the same."""

    def callback() -> None:
        raise LookupError("on purpose")

    lone.create_timer(0.001, callback)
    with pytest.raises(LookupError, match="on purpose"):
        rclpy.spin(lone, executor)
    assert executor.get_nodes() == []
