# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The event setters and loggers that aiorcl gives to entities of released rclpy.

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.makers import MakeNode


@pytest.fixture
def executor(context: Context) -> Iterator[AsyncioExecutor]:
    """An executor on a loop of its own."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


class Counter:
    """What an event callback was told."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.threads: set[int] = set()

    def __call__(self, count: int) -> None:
        self.counts.append(count)
        self.threads.add(threading.get_ident())

    @property
    def total(self) -> int:
        """The number of events so far."""
        return sum(self.counts)


def test_messages_are_counted(node: Node, spin: Spinner) -> None:
    """Each message is counted once, on the loop's thread, and still reaches its own callback."""
    events = Counter()
    received: list[int] = []
    subscription = node.create_subscription(Int64, "topic", lambda m: received.append(m.data), 10)
    subscription.set_on_new_message_callback(events)
    publisher = node.create_publisher(Int64, "topic", 10)
    threads = [threading.Thread(target=publisher.publish, args=(Int64(),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    spin.until(lambda: len(received) == 5)
    for thread in threads:
        thread.join()
    assert events.total == 5
    assert events.threads == {threading.get_ident()}
    subscription.set_on_new_message_callback(None)
    publisher.publish(Int64())
    spin.until(lambda: len(received) == 6)
    assert events.total == 5


def test_requests_and_responses_are_counted(node: Node, spin: Spinner) -> None:
    """A service counts its requests, a client its responses."""
    requests, responses = Counter(), Counter()
    service = node.create_service(Trigger, "service", lambda _, response: response)
    client = node.create_client(Trigger, "service")
    service.set_on_new_request_callback(requests)
    client.set_on_new_response_callback(responses)
    for _ in range(3):
        spin.complete(client.call_async(Trigger.Request()))
    assert (requests.total, responses.total) == (3, 3)


def test_resets_are_counted(node: Node, spin: Spinner) -> None:
    """A timer counts its resets; it need not be due for that."""
    resets = Counter()
    timer = node.create_timer(1000.0, lambda: None)
    timer.set_on_reset_callback(resets)
    for _ in range(3):
        timer.reset()
    spin.drain()
    assert resets.total == 3


@pytest.mark.parametrize("waits", [0, 3])
def test_a_callback_moves_with_its_entity(
    context: Context, node: Node, executor: AsyncioExecutor, spin: Spinner, waits: int
) -> None:
    """Each event is told once, also of messages that wait; until the callback is taken away."""
    messages, requests, responses, resets = (Counter() for _ in range(4))
    received: list[int] = []
    subscription = node.create_subscription(Int64, "topic", lambda m: received.append(m.data), 10)
    publisher = node.create_publisher(Int64, "topic", 10)
    service = node.create_service(Trigger, "service", lambda _, response: response)
    client = node.create_client(Trigger, "service")
    timer = node.create_timer(1000.0, lambda: None)
    subscription.set_on_new_message_callback(messages)
    service.set_on_new_request_callback(requests)
    client.set_on_new_response_callback(responses)
    timer.set_on_reset_callback(resets)
    publisher.publish(Int64())
    spin.until(lambda: received)
    for number in range(waits):
        publisher.publish(Int64(data=number))
    if waits:
        spin.until(lambda: len(received) == 2)  # of the others it was told, too
    with AsyncioExecutor(context=context) as other:
        other.add_node(node)
        there = Spinner(other, spin.deadline_sec)
        publisher.publish(Int64())
        there.until(lambda: len(received) == waits + 2)
        there.complete(client.call_async(Trigger.Request()))
        timer.reset()
        there.drain()
        executor.add_node(node)
    publisher.publish(Int64())
    spin.until(lambda: len(received) == waits + 3)
    spin.complete(client.call_async(Trigger.Request()))
    timer.reset()
    spin.drain()
    assert messages.total == waits + 3
    assert (requests.total, responses.total, resets.total) == (2, 2, 2)
    subscription.set_on_new_message_callback(None)
    for _ in range(2):
        executor.remove_node(node)
    executor.add_node(node)
    publisher.publish(Int64())
    spin.until(lambda: len(received) == waits + 4)
    assert messages.total == waits + 3


def test_a_setter_wants_a_callable(node: Node) -> None:
    """Anything but a callable or None is refused at once."""
    subscription = node.create_subscription(Int64, "topic", lambda _: None, 10)
    with pytest.raises(TypeError):
        subscription.set_on_new_message_callback(3)


SETTERS: dict[str, Callable[[Node], Callable[[Any], None]]] = {
    "subscription": lambda node: (
        node.create_subscription(Int64, "topic", lambda _: None, 10).set_on_new_message_callback
    ),
    "service": lambda node: (
        node.create_service(Trigger, "service", lambda _, r: r).set_on_new_request_callback
    ),
    "client": lambda node: node.create_client(Trigger, "service").set_on_new_response_callback,
    "timer": lambda node: node.create_timer(1000.0, lambda: None).set_on_reset_callback,
}


@pytest.mark.parametrize("setter", SETTERS.values(), ids=SETTERS.keys())
@pytest.mark.parametrize("place", ["nowhere", "single"])
def test_an_entity_of_no_executor_of_ours_is_refused(
    context: Context,
    make_node: MakeNode,
    setter: Callable[[Node], Callable[[Any], None]],
    place: str,
) -> None:
    """Where nobody would count, the setter says so; there is nothing to clear either."""
    node = make_node()
    with SingleThreadedExecutor(context=context) as single:
        if place == "single":
            single.add_node(node)
        set_callback = setter(node)
        with pytest.raises(RuntimeError, match="AsyncioExecutor"):
            set_callback(lambda _: None)
        set_callback(None)


def test_what_a_counting_callback_raises_leaves_the_spin(node: Node, spin: Spinner) -> None:
    """It is a callback like any other."""
    subscription = node.create_subscription(Int64, "topic", lambda _: None, 10)

    def fail(_: int) -> None:
        raise LookupError("on purpose")

    subscription.set_on_new_message_callback(fail)
    node.create_publisher(Int64, "topic", 10).publish(Int64())
    with pytest.raises(LookupError, match="on purpose"):
        spin.until(lambda: False)


def test_entities_have_the_logger_of_their_node(make_node: MakeNode) -> None:
    """Every entity knows its node's logger, also without an executor."""
    node = make_node()
    entities = [
        node.create_publisher(Int64, "topic", 10),
        node.create_subscription(Int64, "topic", lambda _: None, 10),
        node.create_service(Trigger, "service", lambda _, response: response),
        node.create_client(Trigger, "service"),
        node.create_timer(1000.0, lambda: None),
    ]
    assert {entity.logger.name for entity in entities} == {node.get_logger().name}


def test_a_logger_of_the_users_own_takes_its_place(make_node: MakeNode) -> None:
    """An attribute of this name may be set, by a subclass or on the object."""
    node = make_node()
    own = object()
    for entity in (
        node.create_subscription(Int64, "topic", lambda message: None, 10),
        node.create_publisher(Int64, "topic", 10),
        node.create_service(Trigger, "service", lambda request, response: response),
        node.create_client(Trigger, "service"),
        node.create_timer(1.0, lambda: None),
    ):
        entity.logger = own
        assert entity.logger is own
        del entity.logger
        assert entity.logger.name == node.get_logger().name


def test_timers_are_made_whatever_logger_their_node_has(make_node: MakeNode) -> None:
    """A node whose ``get_logger`` is its own, perhaps of no use yet, makes timers as ever."""

    class OwnLogger(Node):
        def get_logger(self) -> Any:
            raise RuntimeError("not yet")

    node = make_node(OwnLogger)
    assert node.create_timer(1.0, lambda: None).logger.name == Node.get_logger(node).name


def test_a_request_too_many_is_told_whatever_logger_the_client_has(
    node: Node, capfd: pytest.CaptureFixture[str]
) -> None:
    """The warning comes by the logger of rclpy."""
    client = node.create_client(Trigger, "service", qos_profile=QoSProfile(depth=1))
    client.logger = object()
    for _ in range(2):
        client.call_async(Trigger.Request())
    assert "requests to" in capfd.readouterr().err


def test_a_setter_says_what_is_wrong(node: Node, lone: Node) -> None:
    """It names the entity, and what it takes."""

    async def count(events: int) -> None:
        """Would never be awaited."""

    served: Any = node.create_subscription(Int64, "topic", print, 10)
    with pytest.raises(TypeError, match=r"new_message_callback\(\) takes a function.* not 5"):
        served.set_on_new_message_callback(5)
    with pytest.raises(TypeError, match=r"takes a function.* not the coroutine function <function"):
        served.set_on_new_message_callback(count)
    subscription: Any = lone.create_subscription(Int64, "topic", print, 10)
    with pytest.raises(RuntimeError, match="Subscription '/topic' is of no node on an Asyncio"):
        subscription.set_on_new_message_callback(print)
    subscription.destroy()
    with pytest.raises(RuntimeError, match="the Subscription was destroyed"):
        subscription.set_on_new_message_callback(print)
