# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# QoS events of publishers and subscriptions, each served by the event callback that rcl has for it.

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import LivelinessPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64

from tests.support.executors import Flavour, breaks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode

SHORT = Duration(nanoseconds=20_000_000)


def test_a_match_is_told_to_both_sides(node: Node, lone: Node, spin: Spinner) -> None:
    """Publisher and subscription are told of each other, and when the other one goes."""
    of_subscription: list[Any] = []
    of_publisher: list[Any] = []
    node.create_subscription(
        *(Int64, "topic", lambda _: None, 10),
        event_callbacks=SubscriptionEventCallbacks(matched=of_subscription.append),
    )
    subscription = lone.create_subscription(Int64, "topic", lambda _: None, 10)
    publisher = node.create_publisher(
        *(Int64, "topic", 10), event_callbacks=PublisherEventCallbacks(matched=of_publisher.append)
    )
    spin.until(lambda: of_subscription and of_publisher and of_publisher[-1].current_count == 2)
    assert of_subscription[-1].current_count == 1
    assert of_publisher[-1].total_count == 2
    lone.destroy_subscription(subscription)
    spin.until(lambda: of_publisher[-1].current_count == 1)
    node.destroy_publisher(publisher)
    spin.until(lambda: of_subscription[-1].current_count == 0)
    assert of_subscription[-1].total_count == 1


def test_an_event_that_came_before(
    executor: Executor, flavour: Flavour, lone: Node, spin: Spinner
) -> None:
    """It is told when the node is added; but rmw_fastrtps forgets then what it has changed."""
    events: list[Any] = []
    lone.create_subscription(
        *(Int64, "topic", lambda _: None, 10),
        event_callbacks=SubscriptionEventCallbacks(matched=events.append),
    )
    publisher = lone.create_publisher(Int64, "topic", 10)
    spin.discover(lambda: publisher.get_subscription_count() == 1)
    executor.add_node(lone)
    spin.until(lambda: events)
    assert events[0].total_count == 1
    assert events[0].total_count_change in ([1] if flavour.family == "single" else [0, 1])


def test_incompatible_qos_is_told_to_both_sides(node: Node, spin: Spinner) -> None:
    """A subscription that wants more than a publisher offers: both hear which policy it is."""
    of_subscription: list[Any] = []
    of_publisher: list[Any] = []
    node.create_publisher(
        *(Int64, "topic", QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)),
        event_callbacks=PublisherEventCallbacks(incompatible_qos=of_publisher.append),
    )
    node.create_subscription(
        *(Int64, "topic", lambda _: None),
        QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE),
        event_callbacks=SubscriptionEventCallbacks(incompatible_qos=of_subscription.append),
    )
    spin.until(lambda: of_subscription and of_publisher)
    spin.drain()
    for events in (of_subscription, of_publisher):
        (event,) = events
        assert event.total_count == 1
        assert event.last_policy_kind == QoSPolicyKind.RELIABILITY


def test_a_missed_deadline_is_told_to_both_sides(node: Node, spin: Spinner) -> None:
    """When nothing comes within the deadline both sides are told, again and again."""
    of_subscription: list[Any] = []
    of_publisher: list[Any] = []
    qos = QoSProfile(depth=10, deadline=SHORT)
    publisher = node.create_publisher(
        *(Int64, "topic", qos),
        event_callbacks=PublisherEventCallbacks(deadline=of_publisher.append),
    )
    node.create_subscription(
        *(Int64, "topic", lambda _: None, qos),
        event_callbacks=SubscriptionEventCallbacks(deadline=of_subscription.append),
    )
    publisher.publish(Int64())
    spin.until(lambda: len(of_subscription) >= 2 and len(of_publisher) >= 2)
    assert of_subscription[-1].total_count > of_subscription[0].total_count
    assert of_publisher[-1].total_count > of_publisher[0].total_count


def test_liveliness_is_told_to_both_sides(node: Node, spin: Spinner) -> None:
    """A publisher that asserts its liveliness, and then no more: both sides are told."""
    of_subscription: list[Any] = []
    of_publisher: list[Any] = []
    qos = QoSProfile(
        depth=10,
        liveliness=LivelinessPolicy.MANUAL_BY_TOPIC,
        liveliness_lease_duration=SHORT,
    )
    publisher = node.create_publisher(
        *(Int64, "topic", qos),
        event_callbacks=PublisherEventCallbacks(liveliness=of_publisher.append),
    )
    node.create_subscription(
        *(Int64, "topic", lambda _: None, qos),
        event_callbacks=SubscriptionEventCallbacks(liveliness=of_subscription.append),
    )
    # Again and again: it may have been lost again before somebody looked.
    asserts = node.create_timer(0.002, publisher.assert_liveliness)
    spin.until(lambda: any(event.alive_count == 1 for event in of_subscription))
    node.destroy_timer(asserts)
    spin.until(lambda: of_publisher and of_subscription[-1].not_alive_count == 1)
    assert of_publisher[0].total_count >= 1


def test_a_coroutine_is_an_event_callback(executor: Executor, node: Node, spin: Spinner) -> None:
    """The callback of an event may wait, here for a message."""
    arrived = new_future(executor)
    steps: list[str] = []

    async def matched(event: Any) -> None:
        steps.append("matched")
        steps.append(f"got {(await arrived).data}")

    group = ReentrantCallbackGroup()  # rclpy's default group would hold the message back
    node.create_subscription(
        *(Int64, "topic", arrived.set_result, 10),
        callback_group=group,
        event_callbacks=SubscriptionEventCallbacks(matched=matched),  # type: ignore[arg-type]
    )
    publisher = node.create_publisher(Int64, "topic", 10)
    spin.until(lambda: steps)
    publisher.publish(Int64(data=5))
    spin.until(lambda: len(steps) == 2)
    assert steps == ["matched", "got 5"]


@breaks(events="raises InvalidHandle for a handler that has gone")
def test_event_handlers_go_in_a_discovery_storm(
    executor: Executor, node: Node, make_node: MakeNode, context: Context, spin: Spinner
) -> None:
    """Handlers are made and destroyed while matches pour in from another thread, each way round."""
    done = new_future(executor)
    events: list[Any] = []
    other = make_node()

    def storm() -> None:
        for number in range(60):
            topic = f"topic_{number % 3}"
            subscription = other.create_subscription(Int64, topic, lambda _: None, 10)
            publisher = other.create_publisher(Int64, topic, 10)
            other.destroy_subscription(subscription)
            other.destroy_publisher(publisher)
        done.set_result(True)

    thread = threading.Thread(target=storm)
    executor.create_task(thread.start)
    while not done.done():
        for number in range(3):
            subscription = node.create_subscription(
                *(Int64, f"topic_{number}", lambda _: None, 10),
                event_callbacks=SubscriptionEventCallbacks(
                    matched=events.append, liveliness=events.append
                ),
            )
            publisher = node.create_publisher(
                *(Int64, f"topic_{number}", 10),
                event_callbacks=PublisherEventCallbacks(matched=events.append),
            )
            spin.drain(3)
            node.destroy_publisher(publisher)
            node.destroy_subscription(subscription)
    thread.join()
    assert events
    # Whatever was left behind by the storm, the node still works.
    arrived = new_future(executor)
    node.create_subscription(Int64, "after", arrived.set_result, 10)
    node.create_publisher(Int64, "after", 10).publish(Int64(data=3))
    assert spin.complete(arrived).data == 3
