# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Subscriptions: what reaches their callbacks, and in which order.

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from rclpy.serialization import serialize_message
from rclpy.subscription import Subscription
from rclpy.utilities import get_rmw_implementation_identifier
from std_msgs.msg import Int64, String

from tests.support.executors import DISTRO, Flavour, breaks, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode


FILTERS = pytest.mark.skipif(
    not hasattr(Subscription, "set_content_filter"), reason="this rclpy has no content filters"
)


def publish(node: Node, topic: str, count: int) -> None:
    """Publish the numbers below ``count``."""
    publisher = node.create_publisher(Int64, topic, count)
    for number in range(count):
        publisher.publish(Int64(data=number))


def test_messages_of_a_topic_arrive_in_order(node: Node, spin: Spinner) -> None:
    """A hundred messages reach the callback once each, in the order of publishing."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 100)
    publish(node, "topic", 100)
    spin.until(lambda: len(received) >= 100)
    spin.drain()
    assert received == list(range(100))


def test_messages_of_several_topics_keep_their_order(node: Node, spin: Spinner) -> None:
    """Each of five topics keeps its own order when all are published to in turn."""
    received: dict[int, list[int]] = {topic: [] for topic in range(5)}
    publishers = []
    for topic, numbers in received.items():
        node.create_subscription(
            Int64, f"topic_{topic}", lambda m, numbers=numbers: numbers.append(m.data), 50
        )
        publishers.append(node.create_publisher(Int64, f"topic_{topic}", 50))
    for number in range(50):
        for publisher in publishers:
            publisher.publish(Int64(data=number))
    spin.until(lambda: sum(map(len, received.values())) >= 250)
    assert all(numbers == list(range(50)) for numbers in received.values())


@lacks(events="runs messages in the order of their arrival, not entities in turn")
def test_a_backlog_does_not_hold_up_another_subscription(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """Entities take turns: one message does not wait for all of a long backlog before it."""
    flood: list[int] = []
    single = new_future(executor)
    node.create_subscription(Int64, "flood", lambda message: flood.append(message.data), 200)
    node.create_subscription(Int64, "single", single.set_result, 10)
    spin.drain()
    publish(node, "flood", 200)
    publish(node, "single", 1)
    spin.complete(single)
    assert len(flood) < 100


def test_a_method_of_another_entity_is_the_callback(node: Node, spin: Spinner) -> None:
    """A publisher on the executor relays: its publish, looked up there, is a callback."""
    received: list[int] = []
    relay = node.create_publisher(Int64, "out", 10)
    spin.drain()
    node.create_subscription(Int64, "in", relay.publish, 10)
    node.create_subscription(Int64, "out", lambda message: received.append(message.data), 10)
    publish(node, "in", 3)
    spin.until(lambda: len(received) >= 3)
    assert received == [0, 1, 2]


@pytest.mark.middleware_lacks(rmw_cyclonedds_cpp="leaves fields of the message info empty")
@lacks(events="hands the callback one tuple instead of two arguments")
def test_a_callback_with_two_parameters_gets_the_message_info(node: Node, spin: Spinner) -> None:
    """The second argument is rclpy's dictionary about the message."""
    received: list[tuple[Any, ...]] = []
    node.create_subscription(Int64, "topic", lambda *pair: received.append(pair), 10)
    node.create_subscription(Int64, "topic", lambda m, info: received.append((m, info)), 10)
    publish(node, "topic", 1)
    spin.until(lambda: len(received) == 2)
    message, info = next(pair for pair in received if len(pair) == 2)
    assert message.data == 0
    assert 0 < info["source_timestamp"] <= info["received_timestamp"]
    assert info["publication_sequence_number"] == 1
    if DISTRO != "jazzy":
        assert (
            info["publisher_gid"]["implementation_identifier"]
            == get_rmw_implementation_identifier()
        )


def test_a_raw_subscription_gets_the_serialized_message(node: Node, spin: Spinner) -> None:
    """With ``raw=True`` the callback gets the bytes that serialize_message makes."""
    received: list[bytes] = []
    node.create_subscription(String, "topic", received.append, 10, raw=True)
    node.create_publisher(String, "topic", 10).publish(String(data="grüße"))
    spin.until(lambda: received)
    assert received == [serialize_message(String(data="grüße"))]


@FILTERS
@pytest.mark.middleware_lacks(rmw_cyclonedds_cpp="has no content filters")
def test_a_content_filter_lets_only_its_messages_through(node: Node, spin: Spinner) -> None:
    """A filter that is set on the subscription decides which messages reach the callback."""
    received: list[int] = []
    subscription = node.create_subscription(Int64, "topic", lambda m: received.append(m.data), 10)
    subscription.set_content_filter("data >= %0", ["7"])
    publish(node, "topic", 10)
    spin.until(lambda: len(received) == 3)
    spin.drain()
    assert received == [7, 8, 9]


@FILTERS
@pytest.mark.middleware_lacks(rmw_cyclonedds_cpp="has no content filters")
@lacks(events="hears nothing more: the new reader of rmw_fastrtps has no event callback")
def test_a_content_filter_comes_and_goes(node: Node, spin: Spinner) -> None:
    """A filter that is set, and taken away, while messages come: what passes is heard."""
    received: list[int] = []
    subscription = node.create_subscription(Int64, "topic", lambda m: received.append(m.data), 10)
    publisher = node.create_publisher(Int64, "topic", 10)

    def hears(*numbers: int) -> bool:
        for number in numbers:
            publisher.publish(Int64(data=number))
        return numbers[-1] in received

    spin.until(lambda: hears(1))
    spin.drain()  # nothing of the old reader is left to be asked for
    for least in ("7", "8"):
        subscription.set_content_filter("data >= %0", [least])
        received.clear()
        spin.until(lambda: hears(6, 9))
        assert set(received) == {9}
    subscription.set_content_filter("", [])
    spin.until(lambda: hears(6))


class Callable1:
    """A callable object, plain or with a coroutine method."""

    def __init__(self, received: list[int]) -> None:
        self.received = received

    def method(self, message: Int64) -> None:
        """Take the message as a bound method."""
        self.received.append(message.data)

    def __call__(self, message: Int64) -> None:
        self.received.append(message.data)


class AsyncCallable(Callable1):
    """A callable object whose call is a coroutine function."""

    async def __call__(self, message: Int64) -> None:  # type: ignore[override]
        self.received.append(message.data)


def append(received: list[int], message: Int64) -> None:
    """Take the message as a function with one argument bound."""
    received.append(message.data)


async def append_async(received: list[int], message: Int64) -> None:
    """Take the message as a coroutine function with one argument bound."""
    received.append(message.data)


PLAIN: dict[str, Callable[[list[int]], Callable[[Int64], Any]]] = {
    "lambda": lambda received: lambda message: append(received, message),
    "method": lambda received: Callable1(received).method,
    "partial": lambda received: functools.partial(append, received),
    "object": Callable1,
}
COROUTINES: dict[str, Callable[[list[int]], Callable[[Int64], Any]]] = {
    "partial": lambda received: functools.partial(append_async, received),
    "method": lambda received: AsyncCallable(received).__call__,
}
HIDDEN: dict[str, Callable[[list[int]], Callable[[Int64], Any]]] = {
    "object": AsyncCallable,
    "lambda": lambda received: lambda message: append_async(received, message),
}


@pytest.mark.parametrize("make", PLAIN.values(), ids=PLAIN.keys())
def test_any_callable_is_a_callback(
    node: Node, spin: Spinner, make: Callable[[list[int]], Callable[[Int64], Any]]
) -> None:
    """Lambdas, bound methods, partials and callable objects are called alike."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", make(received), 10)
    publish(node, "topic", 3)
    spin.until(lambda: len(received) == 3)
    assert received == [0, 1, 2]


@breaks(events_jazzy="drops the coroutine without awaiting it")
@pytest.mark.parametrize("make", COROUTINES.values(), ids=COROUTINES.keys())
def test_a_coroutine_function_is_a_callback(
    node: Node, spin: Spinner, make: Callable[[list[int]], Callable[[Int64], Any]]
) -> None:
    """Coroutine functions run to their end, one for each message."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", make(received), 10)
    publish(node, "topic", 3)
    spin.until(lambda: len(received) == 3)
    assert received == [0, 1, 2]


@breaks(
    single="drops a coroutine that comes from anything but a coroutine function",
    events_jazzy="drops the coroutine without awaiting it",
)
@pytest.mark.parametrize("make", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_callback_is_judged_by_what_it_returns(
    node: Node, spin: Spinner, make: Callable[[list[int]], Callable[[Int64], Any]]
) -> None:
    """A coroutine is run also where inspection cannot tell that the callable returns one.

    SingleThreadedExecutor looks at the callable, and drops these coroutines.
    """
    received: list[int] = []
    node.create_subscription(Int64, "topic", make(received), 10)
    publish(node, "topic", 3)
    spin.until(lambda: len(received) == 3)
    assert received == [0, 1, 2]


def test_a_callback_can_be_replaced(node: Node, spin: Spinner) -> None:
    """A message goes to the callback that the subscription has when the message is taken."""
    old: list[int] = []
    new: list[int] = []
    subscription = node.create_subscription(Int64, "topic", lambda m: old.append(m.data), 10)
    publish(node, "topic", 1)
    spin.until(lambda: old)
    subscription.callback = lambda m: new.append(m.data)
    publish(node, "topic", 1)
    spin.until(lambda: new)
    assert (old, new) == ([0], [0])


@lacks(events="has read the callback before the first message of a backlog")
def test_a_callback_can_replace_itself(node: Node, spin: Spinner) -> None:
    """A callback that is replaced by itself gets no further message of the backlog."""
    order: list[str] = []

    def second(_: Int64) -> None:
        order.append("second")

    def first(_: Int64) -> None:
        order.append("first")
        subscription.callback = second

    subscription = node.create_subscription(Int64, "topic", first, 10)
    publish(node, "topic", 3)
    spin.until(lambda: len(order) == 3)
    assert order == ["first", "second", "second"]


@lacks(events="hands the callback one tuple instead of two arguments")
def test_a_new_callback_may_want_the_message_info(node: Node, spin: Spinner) -> None:
    """The number of arguments is that of the callback which the subscription has now."""
    plain: list[Int64] = []
    both: list[tuple[Int64, Any]] = []
    subscription = node.create_subscription(Int64, "topic", plain.append, 10)
    publish(node, "topic", 1)
    spin.until(lambda: plain)
    subscription.callback = lambda message, info: both.append((message, info))
    publish(node, "topic", 1)
    spin.until(lambda: both)
    assert both[0][1]["source_timestamp"] > 0


def test_a_backlog_from_before_add_node_arrives(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """Messages that were there before the node was added are delivered, in order."""
    node = make_node()
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 100)
    publish(node, "topic", 100)
    executor.add_node(node)
    spin.until(lambda: len(received) == 100)
    assert received == list(range(100))


def test_a_transient_message_reaches_a_late_subscription(node: Node, spin: Spinner) -> None:
    """A latched message is delivered to a subscription that is made after it was sent."""
    qos = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    node.create_publisher(Int64, "topic", qos).publish(Int64(data=4))
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), qos)
    spin.until(lambda: received)
    assert received == [4]


def test_only_the_newest_messages_of_a_full_queue_arrive(node: Node, spin: Spinner) -> None:
    """Of ten messages to a queue of three the last three arrive: events are not messages."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 3)
    publisher = node.create_publisher(Int64, "topic", 3)
    for number in range(10):
        publisher.publish(Int64(data=number))
    spin.until(lambda: len(received) == 3)
    spin.drain()
    assert received == [7, 8, 9]


def test_a_callback_publishes_to_itself(node: Node, spin: Spinner) -> None:
    """A message that a callback publishes is handled after the callback, not inside it."""
    depth: list[int] = []
    running = 0

    def callback(message: Int64) -> None:
        nonlocal running
        running += 1
        depth.append(running)
        if message.data < 50:
            publisher.publish(Int64(data=message.data + 1))
        running -= 1

    node.create_subscription(Int64, "topic", callback, 10)
    publisher = node.create_publisher(Int64, "topic", 10)
    publisher.publish(Int64(data=0))
    spin.until(lambda: len(depth) == 51)
    assert depth == [1] * 51


def test_a_destroyed_subscription_gets_nothing_more(
    node: Node, spin: Spinner, flavour: Flavour
) -> None:
    """A callback that destroys its subscription is the last one, whatever is queued.

    EventsExecutor goes on with the messages that it has counted.
    """
    received: list[int] = []

    def callback(message: Int64) -> None:
        received.append(message.data)
        node.destroy_subscription(subscription)

    subscription = node.create_subscription(Int64, "topic", callback, 10)
    publish(node, "topic", 5)
    spin.until(lambda: received)
    spin.drain()
    if flavour.family == "events":
        assert received[0] == 0
    else:
        assert received == [0]


@breaks(events_jazzy="drops the coroutine without awaiting it")
def test_coroutines_begin_in_the_order_of_their_messages(node: Node, spin: Spinner) -> None:
    """Also when each spin call runs one of them."""
    begun: list[int] = []

    async def callback(message: Int64) -> None:
        begun.append(message.data)

    group = ReentrantCallbackGroup()
    node.create_subscription(Int64, "topic", callback, 10, callback_group=group)  # type: ignore[arg-type]
    publisher = node.create_publisher(Int64, "topic", 10)
    spin.discover(lambda: publisher.get_subscription_count() == 1)
    for number in range(5):
        publisher.publish(Int64(data=number))
    spin.until(lambda: len(begun) == 5)
    assert begun == list(range(5))
