# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Entities: created and destroyed while the executor runs, inside callbacks and by other threads.

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.serialization import serialize_message
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from tests.support.actions import serve_action
from tests.support.executors import Flavour, breaks, lacks, new_future
from tests.support.spinner import Spinner
from tests.support.waitables import Inbox

if TYPE_CHECKING:
    from rclpy.executors import Executor

    #: Makes an entity that calls the function once or more, and returns what destroys it.
    Use = Callable[[Node, str, Callable[[], Any]], Callable[[], Any]]


def use_subscription(node: Node, name: str, called: Callable[[], Any]) -> Callable[[], Any]:
    """Use a subscription and a publisher."""
    subscription = node.create_subscription(Int64, name, lambda _: called(), 10)
    publisher = node.create_publisher(Int64, name, 10)
    publisher.publish(Int64())

    def destroy() -> None:
        node.destroy_subscription(subscription)
        node.destroy_publisher(publisher)

    return destroy


def use_timer(node: Node, _: str, called: Callable[[], Any]) -> Callable[[], Any]:
    """Use a timer."""
    timer = node.create_timer(0.001, called)
    return lambda: node.destroy_timer(timer)


def use_service(node: Node, name: str, called: Callable[[], Any]) -> Callable[[], Any]:
    """Use a service and a client; the response is what counts."""
    group = ReentrantCallbackGroup()
    service = node.create_service(Trigger, name, lambda _, r: r, callback_group=group)
    client = node.create_client(Trigger, name, callback_group=group)
    client.call_async(Trigger.Request()).add_done_callback(lambda _: called())

    def destroy() -> None:
        node.destroy_client(client)
        node.destroy_service(service)

    return destroy


def use_guard_condition(node: Node, _: str, called: Callable[[], Any]) -> Callable[[], Any]:
    """Use a guard condition."""
    guard = node.create_guard_condition(called)
    guard.trigger()
    return lambda: node.destroy_guard_condition(guard)


def use_action(node: Node, name: str, called: Callable[[], Any]) -> Callable[[], Any]:
    """Use an action server and a client; the result of the goal is what counts."""
    server = serve_action(node, name)
    client = ActionClient(node, Fibonacci, name)

    def accepted(goal: Future[Any]) -> None:
        goal.result().get_result_async().add_done_callback(lambda _: called())

    client.send_goal_async(Fibonacci.Goal(order=1)).add_done_callback(accepted)

    def destroy() -> None:
        client.destroy()
        server.destroy()

    return destroy


def use_qos_event(node: Node, name: str, called: Callable[[], Any]) -> Callable[[], Any]:
    """Use the event handlers of a publisher and a subscription that match."""
    subscription = node.create_subscription(
        *(Int64, name, lambda _: None, 10),
        event_callbacks=SubscriptionEventCallbacks(matched=lambda _: called()),
    )
    publisher = node.create_publisher(
        Int64, name, 10, event_callbacks=PublisherEventCallbacks(matched=lambda _: called())
    )

    def destroy() -> None:
        node.destroy_subscription(subscription)
        node.destroy_publisher(publisher)

    return destroy


def use_waitable(node: Node, _: str, called: Callable[[], Any]) -> Callable[[], Any]:
    """Use a waitable that another thread, or this one, puts something into."""
    inbox = Inbox(node)
    inbox.on_executed = called
    inbox.put(1)

    def destroy() -> None:
        node.remove_waitable(inbox)
        inbox.entity.destroy_when_not_in_use()

    return destroy


USES = [
    use_subscription,
    use_timer,
    use_service,
    pytest.param(use_guard_condition, marks=breaks(events="does not support guard conditions")),
    pytest.param(use_action, marks=breaks(events="crashes when it is destroyed")),
    pytest.param(use_waitable, marks=breaks(events="does not support guard conditions")),
    pytest.param(use_qos_event, marks=breaks(events="crashes when it is destroyed")),
]


def name(part: object) -> str:
    """Name a parameter by its function."""
    return getattr(part, "__name__", "").removeprefix("use_")


@pytest.mark.parametrize("use", USES, ids=name)
def test_an_entity_is_made_before_its_node_is_added(
    executor: Executor, make_node: Any, spin: Spinner, use: Use
) -> None:
    """What a node brings along is served."""
    node = make_node()
    done = new_future(executor)
    destroy = use(node, "name", lambda: done.set_result(True))
    executor.add_node(node)
    spin.complete(done)
    destroy()


@pytest.mark.parametrize("use", USES, ids=name)
def test_an_entity_is_made_between_spins(
    executor: Executor, node: Node, spin: Spinner, use: Use
) -> None:
    """What a node gets after it was added is served."""
    spin.drain()
    done = new_future(executor)
    destroy = use(node, "name", lambda: done.set_result(True))
    spin.complete(done)
    destroy()
    spin.drain()


@pytest.mark.parametrize("use", USES, ids=name)
def test_an_entity_is_made_and_destroyed_inside_callbacks(
    executor: Executor, node: Node, spin: Spinner, use: Use
) -> None:
    """A task makes it, its own callback destroys it and makes the next one: fifty times."""
    done = new_future(executor)
    rounds = 0

    def begin() -> None:
        destroy: list[Callable[[], Any]] = []
        state = {"called": False}

        def called() -> None:
            nonlocal rounds
            if state["called"]:
                return
            state["called"] = True
            destroy[0]()
            rounds += 1
            if rounds == 50:
                done.set_result(True)
            else:
                begin()

        destroy.append(use(node, f"name_{rounds}", called))

    executor.create_task(begin)
    spin.complete(done)
    assert rounds == 50


@pytest.mark.parametrize("use", USES, ids=name)
def test_entities_are_made_and_destroyed_by_another_thread(
    executor: Executor, node: Node, spin: Spinner, use: Use, flavour: Flavour
) -> None:
    """A thread makes and destroys entities while the executor serves them: fifty times."""
    if use is use_action and not flavour.ours:
        pytest.skip("may look at an action while another thread destroys it")
    done = new_future(executor)
    failed: list[int] = []

    def work() -> None:
        for number in range(50):
            called = threading.Event()
            destroy = use(node, f"name_{number}", called.set)
            if not called.wait(5):
                failed.append(number)
            destroy()
        done.set_result(True)

    thread = threading.Thread(target=work)
    executor.create_task(thread.start)
    spin.complete(done)
    thread.join()
    assert failed == []


@lacks(events="goes on with what it has counted")
def test_a_callback_destroys_another_entity_that_is_ready(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """Of two subscriptions that are ready the first one called destroys the other for good."""
    called: list[int] = []
    subscriptions = []

    def callback(number: int) -> None:
        called.append(number)
        node.destroy_subscription(subscriptions[1 - number])

    for number in range(2):
        topic = f"topic_{number}"
        subscriptions.append(
            node.create_subscription(Int64, topic, lambda _, n=number: callback(n), 10)
        )
    publishers = [node.create_publisher(Int64, f"topic_{number}", 10) for number in range(2)]
    spin.drain()
    for publisher in publishers:
        publisher.publish(Int64())
    spin.until(lambda: called)
    spin.drain()
    assert len(called) == 1


def test_a_publisher_is_used_by_several_threads(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """Four threads publish on one publisher; every message arrives, in order for each thread."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda m: received.append(m.data), 1000)
    publisher = node.create_publisher(Int64, "topic", 1000)

    def work(first: int) -> None:
        for number in range(100):
            publisher.publish(Int64(data=first + number))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 4000, 1000)]
    for thread in threads:
        executor.create_task(thread.start)
    spin.until(lambda: len(received) == 400)
    for thread in threads:
        thread.join()
    for first in range(0, 4000, 1000):
        mine = [number for number in received if number // 1000 == first // 1000]
        assert mine == list(range(first, first + 100))


class Serialized(bytes):
    """Bytes of a user's own class, as numpy has one."""


def test_bytes_of_any_class_are_published(node: Node, spin: Spinner) -> None:
    """They are a message that is serialized already."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    publisher: Any = node.create_publisher(Int64, "topic", 10)
    publisher.publish(Serialized(serialize_message(Int64(data=7))))
    spin.until(lambda: received)
    assert received == [7]
