# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Action clients and servers: goals, feedback, results, cancellation.

from __future__ import annotations

from typing import TYPE_CHECKING

from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.node import Node
from test_msgs.action import Fibonacci

from tests.support.actions import SEQUENCE, serve_action
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode


def test_a_goal_succeeds(node: Node, spin: Spinner) -> None:
    """Client and server are made while their node is on the executor, and work."""
    serve_action(node)
    client = ActionClient(node, Fibonacci, "action")
    handle = spin.complete(client.send_goal_async(Fibonacci.Goal(order=1)))
    assert handle.accepted
    result = spin.complete(handle.get_result_async())
    assert result.status == GoalStatus.STATUS_SUCCEEDED
    assert list(result.result.sequence) == SEQUENCE


def test_a_goal_from_before_add_node(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """A goal that was sent before the nodes had an executor is handled when they have one."""
    server, asker = make_node(), make_node()
    serve_action(server)
    client = ActionClient(asker, Fibonacci, "action")
    goal = client.send_goal_async(Fibonacci.Goal(order=1))
    executor.add_node(server)
    executor.add_node(asker)
    assert spin.complete(goal).accepted
