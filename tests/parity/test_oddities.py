# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What programs may do and rclpy's executors answer in some odd way.

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

from tests.support.executors import breaks, lacks
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor


@lacks(single="has it for ever", events="has it for ever")
def test_a_destroyed_node_is_forgotten(executor: Executor, node: Node, lone: Node) -> None:
    """It is none of the executor's nodes, and is refused by add_node()."""
    node.destroy_node()
    assert executor.get_nodes() == []
    lone.destroy_node()
    with pytest.raises(InvalidHandle, match="was destroyed"):
        executor.add_node(lone)
    assert executor.get_nodes() == []


@breaks(events="raises InvalidHandle, on Jazzy it ends the process")
@lacks(single="raises InvalidHandle")
def test_an_entity_is_destroyed_without_its_node(node: Node, spin: Spinner) -> None:
    """That has it yet, and the spin goes on without it."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(-1), 10).destroy()
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    node.create_publisher(Int64, "topic", 10).publish(Int64(data=1))
    spin.until(lambda: received)
    assert received == [1]


@breaks(single="asks the callback for its arguments", events="calls the callback")
def test_a_timer_without_a_callback(node: Node, spin: Spinner) -> None:
    """It counts, and calls nothing."""
    timer = node.create_timer(0.001, None)
    ticks: list[int] = []
    node.create_timer(0.001, lambda: ticks.append(1))
    spin.until(lambda: len(ticks) == 3)
    assert timer.time_since_last_call() < 10**9


@breaks(events="crashes when the client is destroyed")
@lacks(single="never sends the result")
def test_a_cancel_callback_that_raises(node: Node, spin: Spinner) -> None:
    """Its exception leaves the spin; the goal goes on, and the client gets its result."""
    finish: Any = Future()

    async def execute(goal: Any) -> Fibonacci.Result:
        await finish
        goal.succeed()
        return Fibonacci.Result()

    def refuse(goal: Any) -> Any:
        raise LookupError

    ActionServer(node, Fibonacci, "action", execute, cancel_callback=refuse)
    client = ActionClient(node, Fibonacci, "action")
    spin.discover(client.server_is_ready)
    goal = spin.complete(client.send_goal_async(Fibonacci.Goal()))
    result = goal.get_result_async()
    with pytest.raises(LookupError):
        spin.complete(goal.cancel_goal_async())
    finish.set_result(None)
    assert spin.complete(result).status == GoalStatus.STATUS_SUCCEEDED


@breaks(events="ends the process")
@lacks(single="raises RuntimeError: coroutine raised StopIteration")
def test_a_stop_iteration_of_a_callback(node: Node, spin: Spinner) -> None:
    """It comes out as it is."""

    def callback() -> None:
        raise StopIteration(3)

    node.create_timer(0.001, callback)
    with pytest.raises(StopIteration):
        spin.until(lambda: False)


@breaks(events="runs no such coroutine, or goes on")
@lacks(single="takes the coroutine up again")
def test_a_value_that_an_awaitable_yields(executor: Executor, spin: Spinner) -> None:
    """It is refused, as asyncio refuses it."""

    class Yields:
        def __await__(self) -> Generator[int, None, None]:
            yield 5

    async def coroutine() -> None:
        await Yields()

    executor.create_task(coroutine)
    with pytest.raises(RuntimeError, match="bad yield: 5"):
        spin.drain()
