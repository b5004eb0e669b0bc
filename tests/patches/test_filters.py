# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Readers that the middleware makes anew, for a content filter: what is watched there is heard.

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from std_msgs.msg import Int64, UInt8MultiArray
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, ServedGoal
from aiorcl._patches.filters import feedback_heard_again, heard_again
from aiorcl._rclpy import private_actions
from aiorcl._rclpy.compiled import ActionClientHandle
from tests.support.waitables import Listener, OneEntity

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


WITH_FILTERS = (
    pytest.mark.middleware_lacks(rmw_cyclonedds_cpp="has no content filters"),
    pytest.mark.skipif(
        not hasattr(Subscription, "set_content_filter"), reason="this rclpy has no content filters"
    ),
)


def with_filters(test: Any) -> Any:
    """Skip a test where nothing has content filters."""
    for mark in WITH_FILTERS:
        test = mark(test)
    return test


@with_filters
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


class OfASubscription(Listener):
    """A waitable that takes the messages of a subscription of its node's class."""

    def __init__(self, node: Node, subscription: Any) -> None:
        OneEntity.__init__(self, node, subscription.handle)


@with_filters
def test_a_waitable_after_a_filter(node: Node, spin: Spinner) -> None:
    """A waitable of the user's that has the subscription hears of messages as before."""
    subscription: Any = node.create_subscription(Int64, "topic", lambda _: None, 10)
    node._subscriptions.remove(subscription)
    waitable = OfASubscription(node, subscription)
    publisher = node.create_publisher(Int64, "topic", 10)
    spin.drain()
    subscription.set_content_filter("data >= %0", ["0"])
    spin.drain()
    publisher.publish(Int64(data=7))
    spin.until(lambda: waitable.executed)
    assert waitable.executed == [7]


class Seen(Subscription):  # type: ignore[type-arg]  # no generic on Jazzy
    """A subscription that notes which threads look for its handle."""

    looked: list[int]

    @property
    def handle(self) -> Any:
        """Return the handle."""
        self.looked.append(threading.get_ident())
        return super().handle


def test_nothing_is_taken_beside_a_change(context: Context, lone: Node) -> None:
    """A large message is taken without the GIL, its handle in use; but not while it is filtered.

    Then another thread is in the middleware, which makes the reader anew.
    """
    got: list[object] = []
    subscription: Any = lone.create_subscription(UInt8MultiArray, "topic", got.append, 10)
    publisher = lone.create_publisher(UInt8MultiArray, "topic", 10)
    large = UInt8MultiArray(data=bytes(2_000_000))
    begun, received, changed = threading.Event(), threading.Event(), threading.Event()

    def set_filter(self: Any) -> None:
        begun.set()
        received.wait()

    def change() -> None:
        with contextlib.suppress(Exception):
            heard_again(set_filter)(subscription)
        changed.set()

    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)

        def looked_for_one() -> bool:
            subscription.looked = []
            count = len(got)
            publisher.publish(large)
            while len(got) == count:
                executor.spin_once(timeout_sec=0.1)
            return threading.get_ident() in subscription.looked

        subscription.looked, subscription.__class__ = [], Seen
        looked_for_one()  # the first tells how large they are
        assert looked_for_one()
        thread = threading.Thread(target=change)
        thread.start()
        begun.wait()
        try:
            assert not looked_for_one()
        finally:
            received.set()
            thread.join()
        assert changed.is_set()
        assert looked_for_one()


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
