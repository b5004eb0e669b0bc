# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Readers that the middleware makes anew, for a content filter: what is watched there is heard.

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, ServedGoal
from aiorcl._patches.filters import feedback_heard_again
from aiorcl._rclpy import private_actions
from aiorcl._rclpy.compiled import ActionClientHandle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.spinner import Spinner

SHORT = Duration(nanoseconds=20_000_000)
ADD = "configure_feedback_subscription_filter_add_goal_id"


@pytest.fixture
def executor(context: Context) -> Iterator[AsyncioExecutor]:
    """An executor on a loop of its own."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


@pytest.mark.middleware_lacks(rmw_cyclonedds_cpp="has no content filters")
@pytest.mark.skipif(
    not hasattr(Subscription, "set_content_filter"), reason="this rclpy has no content filters"
)
def test_qos_events_after_a_filter(node: Node, spin: Spinner) -> None:
    """They are told of the new reader, too."""
    missed: list[Any] = []
    qos = QoSProfile(depth=10, deadline=SHORT)
    subscription = node.create_subscription(
        *(Int64, "topic", lambda _: None, qos),
        event_callbacks=SubscriptionEventCallbacks(deadline=missed.append),
    )
    publisher = node.create_publisher(Int64, "topic", qos)
    publisher.publish(Int64())
    spin.until(lambda: missed)
    subscription.set_content_filter("data >= %0", ["0"])
    spin.drain()  # what the old one had told
    missed.clear()
    publisher.publish(Int64())
    spin.until(lambda: missed)


def without_callback(handle: Any, goal_id: bytes) -> None:
    """Do to the reader of feedback what rmw_fastrtps does: it calls nobody."""
    rcl_action = ctypes.CDLL("librcl_action.so")
    forget = rcl_action.rcl_action_client_set_feedback_subscription_callback
    forget.argtypes = [ctypes.c_void_p] * 3
    assert forget(handle.pointer, None, None) == 0


@pytest.mark.parametrize("fails", [False, True])
def test_feedback_after_a_filter(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """An action client that takes only the feedback of its goals gets it.

    The handles of rclpy 10.0.8 and newer have the method; it fails for a goal too many, when rcl
    has taken the filter away.
    """

    def configure(self: Any, goal_id: bytes) -> None:
        without_callback(self, goal_id)
        if fails:
            raise LookupError

    monkeypatch.setattr(ActionClientHandle, ADD, feedback_heard_again(configure), raising=False)

    async def execute(goal: ServedGoal[Any]) -> None:
        filters: Any = private_actions.client_handle_of(client)
        with pytest.raises(LookupError) if fails else contextlib.nullcontext():
            getattr(filters, ADD)(bytes(goal.goal_id.uuid))
        goal.publish_feedback(Fibonacci.Feedback(sequence=[1]))

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            aiorcl.serve_action(lone, Fibonacci, "action", execute)
            await aiorcl.action_ready(client)
            async with aiorcl.goal(client, Fibonacci.Goal()) as running:
                assert [list(feedback.sequence) async for feedback in running] == [[1]]

    client = ActionClient(lone, Fibonacci, "action")
    asyncio.run(main())
