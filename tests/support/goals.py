# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Goals that the tests send, how they are served, and what a client keeps of them.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from test_msgs.action import Fibonacci

import aiorcl
from tests.support.actions import SEQUENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.action.client import ActionClient
    from rclpy.node import Node

    Client = ActionClient[Any, Any, Any]
    Goal = aiorcl.ServedGoal[Any]

AT_ONCE = Fibonacci.Goal(order=1)
UNTIL_CANCELLED = Fibonacci.Goal(order=0)
RESULT = Fibonacci.Result(sequence=SEQUENCE)


async def wait_for_ever(goal: Goal) -> None:
    """Fill the result, and wait."""
    goal.result.sequence = SEQUENCE
    await asyncio.Event().wait()


def serve(server: Node, execute: Callable[[Goal], Any], **options: Any) -> Any:
    """Offer the action."""
    return aiorcl.serve_action(server, Fibonacci, "action", execute, **options)


async def outcome(client: Client, order: int = 1) -> tuple[int, list[int]]:
    """Send a goal, wait for its end, and return its status and result."""
    async with aiorcl.goal(client, Fibonacci.Goal(order=order)) as running:
        try:
            result = await running.result()
        except aiorcl.GoalError as error:
            return error.status, list(error.result.sequence)
        return running.status, list(result.sequence)
