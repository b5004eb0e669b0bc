# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Nodes: added, moved, removed and destroyed, between spins, inside callbacks and by other threads.

from __future__ import annotations

import gc
import threading
import weakref
from typing import TYPE_CHECKING

import pytest
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from std_msgs.msg import Int64

from tests.support.executors import Flavour, breaks, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeExecutor, MakeNode


def listen(node: Node, received: list[int], topic: str = "topic") -> None:
    """Let a node put what it receives into a list."""
    node.create_subscription(Int64, topic, lambda message: received.append(message.data), 100)


def say(node: Node, *numbers: int, topic: str = "topic") -> None:
    """Let a node publish numbers."""
    publisher = node.create_publisher(Int64, topic, 100)
    for number in numbers:
        publisher.publish(Int64(data=number))


def test_add_node_tells_whether_it_was_added(executor: Executor, make_node: MakeNode) -> None:
    """A node can be added once; it then knows its executor, and the executor knows it."""
    node = make_node()
    assert not node.executor
    assert executor.add_node(node) is True
    assert executor.add_node(node) is False
    assert node.executor is executor
    assert executor.get_nodes() == [node]


def test_remove_node_may_be_repeated(executor: Executor, make_node: MakeNode) -> None:
    """A node that is not there any more may be removed once more."""
    node = make_node()
    executor.add_node(node)
    executor.remove_node(node)
    executor.remove_node(node)
    assert executor.get_nodes() == []


def test_get_nodes_returns_a_copy(executor: Executor, node: Node) -> None:
    """What the caller does with the list does not concern the executor."""
    executor.get_nodes().clear()
    assert executor.get_nodes() == [node]


def test_setting_the_executor_of_a_node_adds_it(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """``node.executor = executor`` is another way to add a node."""
    node = make_node()
    received: list[int] = []
    listen(node, received)
    node.executor = executor
    assert executor.get_nodes() == [node]
    say(node, 3)
    spin.until(lambda: received)


@lacks(events="forgets what it has counted for a node when that is removed")
def test_a_removed_node_is_not_served(
    executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """What reaches a removed node waits until the node is added again."""
    other = make_node()
    received: list[int] = []
    others: list[int] = []
    listen(node, received)
    listen(other, others)
    executor.add_node(other)
    say(other, 1)
    spin.until(lambda: received and others)
    executor.remove_node(node)
    say(other, 2)
    spin.until(lambda: len(others) == 2)
    spin.drain()
    assert received == [1]
    executor.add_node(node)
    spin.until(lambda: len(received) == 2)
    assert received == [1, 2]


def test_a_node_moves_to_another_executor(
    executor: Executor, make_executor_of: MakeExecutor, node: Node, spin: Spinner
) -> None:
    """The executor that a node is added to takes it from the one that it was on."""
    received: list[int] = []
    listen(node, received)
    say(node, 1)
    spin.until(lambda: received)
    second = make_executor_of()
    second.add_node(node)
    assert executor.get_nodes() == []
    assert second.get_nodes() == [node]
    assert node.executor is second
    spin.drain()
    say(node, 2)
    spin.drain()
    assert received == [1]
    Spinner(second, spin.deadline_sec).until(lambda: len(received) == 2)


def test_several_nodes_are_served(executor: Executor, make_node: MakeNode, spin: Spinner) -> None:
    """Ten nodes on one executor all get their message."""
    received: list[list[int]] = []
    for _ in range(10):
        node = make_node()
        received.append([])
        listen(node, received[-1])
        executor.add_node(node)
    say(node, 5)
    spin.until(lambda: all(received))
    assert received == [[5]] * 10


def test_a_node_is_added_inside_a_callback(
    executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A node that a callback adds is served by the same spin, with its backlog."""
    other = make_node()
    done = new_future(executor)
    other.create_subscription(Int64, "other", done.set_result, 10)
    say(other, 4, topic="other")
    executor.create_task(executor.add_node, other)
    assert spin.complete(done).data == 4


def test_a_node_removes_itself(
    executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A node that its own callback removes gets nothing more; others do."""
    other = make_node()
    executor.add_node(other)
    received: list[int] = []
    others: list[int] = []

    def callback(message: Int64) -> None:
        received.append(message.data)
        executor.remove_node(node)

    node.create_subscription(Int64, "topic", callback, 10)
    listen(other, others)
    spin.drain()
    say(other, 1)
    spin.until(lambda: received and others)
    say(other, 2)
    spin.until(lambda: len(others) == 2)
    spin.drain()
    assert received == [1]
    assert executor.get_nodes() == [other]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(
            "subscription", marks=lacks(events="goes on with the messages that it has counted")
        ),
        pytest.param("timer", marks=breaks(events="calls a timer that was ready before")),
        pytest.param("task", marks=breaks(events="calls a timer that was ready before")),
    ],
)
def test_a_node_is_destroyed_inside_its_own_callback(
    executor: Executor,
    node: Node,
    make_node: MakeNode,
    spin: Spinner,
    flavour: Flavour,
    kind: str,
) -> None:
    """A node may end itself; its other entities are called no more, and other nodes go on.

    EventsExecutor refuses, as it holds the handle, so there the node is removed first.
    """
    other = make_node()
    executor.add_node(other)
    calls: list[str] = []
    others: list[int] = []

    def end() -> None:
        calls.append(kind)
        if flavour.family == "events":
            executor.remove_node(node)
        node.destroy_node()

    match kind:
        case "subscription":
            node.create_subscription(Int64, "topic", lambda _: end(), 10)
        case "timer":
            node.create_timer(0.002, end)
        case "task":
            executor.create_task(end)
    node.create_timer(0.002, lambda: calls.append("late") if kind in calls else None)
    listen(other, others, topic="other")
    say(other, 1, 2)
    spin.until(lambda: kind in calls)
    say(other, 3, topic="other")
    spin.until(lambda: others)
    spin.drain()
    assert calls == [kind]


def test_a_node_is_destroyed_between_spins(
    executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A node that is destroyed while messages wait for it takes them along."""
    other = make_node()
    executor.add_node(other)
    received: list[int] = []
    others: list[int] = []
    listen(node, received)
    listen(other, others)
    spin.drain()
    say(other, 1)
    executor.remove_node(node)
    node.destroy_node()
    spin.until(lambda: others)
    spin.drain()
    assert received == []


def test_a_destroyed_node_is_forgotten_by_its_peers(
    executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """When destroy_node returns the middleware has let go: nobody counts the subscription."""
    other = make_node()
    listen(node, [])
    publisher = other.create_publisher(Int64, "topic", 10)
    spin.drain()
    assert publisher.get_subscription_count() == 1
    executor.remove_node(node)
    node.destroy_node()
    spin.drain()
    assert publisher.get_subscription_count() == 0


def test_nodes_come_and_go_in_another_thread(
    flavour: Flavour, executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """Another thread adds, uses, removes and destroys nodes while the executor spins."""
    done = new_future(executor)
    given_up = threading.Event()

    def work() -> None:
        for number in range(20):
            if given_up.is_set():
                return
            other = make_node()
            arrived = threading.Event()
            other.create_subscription(
                Int64, f"topic_{number}", lambda _, arrived=arrived: arrived.set(), 10
            )
            executor.add_node(other)
            say(other, number, topic=f"topic_{number}")
            assert arrived.wait(10) or given_up.is_set()
            executor.remove_node(other)
            other.destroy_node()
        done.set_result(None)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        spin.complete(done)
    except InvalidHandle:
        if flavour.family != "single":
            raise
        pytest.xfail("adds a waitable to its wait set that was destroyed since it was listed")
    finally:
        given_up.set()
        thread.join()
    assert executor.get_nodes() == [node]


def test_an_executor_is_given_up_with_work_pending(
    make_executor_of: MakeExecutor, executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """Messages, timers and tasks that an executor leaves are no obstacle to its end.

    The next executor finds the messages.
    """
    node = make_node()
    received: list[int] = []
    ran: list[str] = []
    listen(node, received)
    node.create_timer(0.0, lambda: ran.append("timer"))
    given_up = make_executor_of()
    given_up.add_node(node)
    given_up.create_task(ran.append, "task")
    say(node, 1, 2, 3)
    assert given_up.shutdown(timeout_sec=10) is True
    assert ran == []
    executor.add_node(node)
    spin.until(lambda: len(received) == 3)
    assert received == [1, 2, 3]
    assert "task" not in ran


def test_a_node_holds_its_executor_weakly(
    flavour: Flavour, context: object, make_node: MakeNode
) -> None:
    """A node does not keep its executor alive; an executor that is gone is None."""
    node = make_node()
    executor = flavour.make(node.context)
    executor.add_node(node)
    reference = weakref.ref(executor)
    assert node.executor is reference()
    executor.shutdown()
    del executor
    gc.collect()
    assert reference() is None
    assert node.executor is None


@lacks(events="forgets what it has counted when it goes")
def test_an_executor_goes_without_shutdown(
    flavour: Flavour, executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """An executor that is dropped with a node on it and a message under way leaves no trace."""
    node = make_node()
    received: list[int] = []
    listen(node, received)
    dropped = flavour.make(node.context)
    dropped.add_node(node)
    dropped.spin_once(timeout_sec=0)
    say(node, 1)
    reference = weakref.ref(dropped)
    del dropped
    gc.collect()
    assert reference() is None
    say(node, 2)
    executor.add_node(node)
    spin.until(lambda: len(received) == 2)
    assert received == [1, 2]


@breaks(single="rclpy destroys nodes with their context since Kilted only")
def test_nodes_go_with_their_context(
    executor: Executor, node: Node, make_node: MakeNode, spin: Spinner
) -> None:
    """A context that goes down takes its nodes along, under the executor's hands."""
    listen(node, [])
    say(node, 1, 2, 3)
    spin.drain(2)
    node.context.shutdown()
    executor.remove_node(node)
    assert executor.shutdown(timeout_sec=10) is True
