# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An action server that does what the goal asks for.

from __future__ import annotations

import asyncio
from typing import Any

from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, ServerGoalHandle
from rclpy.node import Node
from rclpy.qos import QoSProfile
from test_msgs.action import Fibonacci

SEQUENCE = [1, 1, 2]


async def execute(goal: ServerGoalHandle[Any, Any, Any]) -> Fibonacci.Result:
    """Succeed at once, or if the order is 0 run until it is cancelled."""
    while goal.request.order == 0 and not goal.is_cancel_requested:  # noqa: ASYNC110
        await asyncio.sleep(0)
    if goal.is_cancel_requested:
        goal.canceled()
    else:
        goal.succeed()
    return Fibonacci.Result(sequence=SEQUENCE)


#: Of services, that more of their requests than the ten of the default may wait.
DEEP: dict[str, Any] = {
    f"{service}_service_qos_profile": QoSProfile(depth=1000)
    for service in ("goal", "result", "cancel")
}


def serve_action(node: Node, name: str = "action", **options: Any) -> ActionServer[Any, Any, Any]:
    """Offer the action; every cancellation is accepted."""
    return ActionServer(
        *(node, Fibonacci, name, execute),
        cancel_callback=lambda _: CancelResponse.ACCEPT,
        **options,
    )


def pending(client: ActionClient[Any, Any, Any]) -> tuple[int, ...]:
    """Count what a client keeps."""
    return (
        *(len(client._pending_goal_requests), len(client._pending_cancel_requests)),
        *(len(client._pending_result_requests), len(client._futures)),
        *(len(client._feedback_callbacks), len(client._goal_sequence_number_to_goal_id)),
        len(client._result_sequence_number_to_goal_id),
    )


async def nothing_is_pending(client: ActionClient[Any, Any, Any]) -> None:
    """Wait until the client keeps nothing."""
    while any(pending(client)):  # noqa: ASYNC110
        await asyncio.sleep(0)
