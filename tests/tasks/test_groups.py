# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The classes of groups: what they refuse, and what they are under other executors.

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, LimitedCallbackGroup, ThreadCallbackGroup

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 10.0


@pytest.mark.parametrize("limit", [0, -1])
def test_a_group_without_a_place_is_refused(limit: int) -> None:
    """A group in which nothing could ever run is a mistake."""
    with pytest.raises(ValueError, match=f"at least 1, not {limit}"):
        LimitedCallbackGroup(limit)


def test_a_limit_is_a_number() -> None:
    """A limit that is no whole number is refused where it is given."""
    with pytest.raises(TypeError):
        LimitedCallbackGroup(2.5)  # type: ignore[arg-type]
    assert LimitedCallbackGroup(True).limit == 1


def test_a_limited_group_under_multi_threaded_executor(context: Context, lone: Node) -> None:
    """rclpy's threads ask the group, and so many of them run its callbacks at a time."""
    running, most = 0, 0
    lock = threading.Lock()
    pair = threading.Barrier(2)
    ended = threading.Semaphore(0)

    def callback(message: Int64) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pair.wait(DEADLINE_SEC)  # for another one that runs at the same time
        with lock:
            running -= 1
        ended.release()

    group = LimitedCallbackGroup(2)
    publishers = []
    for name in "abcd":
        lone.create_subscription(Int64, name, callback, 10, callback_group=group)
        publishers.append(lone.create_publisher(Int64, name, 10))
    executor = MultiThreadedExecutor(4, context=context)
    executor.add_node(lone)
    for publisher in publishers:
        publisher.publish(Int64())
    thread = threading.Thread(target=executor.spin)
    thread.start()
    try:
        for _ in publishers:
            assert ended.acquire(timeout=DEADLINE_SEC)
        assert most == 2
    finally:
        executor.shutdown()
        thread.join()


class Shared:
    """Two nodes with timers in one group, each on an executor of its own."""

    def __init__(self, context: Context, make_node: MakeNode, group: CallbackGroup) -> None:
        self.executors = [AsyncioExecutor(context=context) for _ in range(2)]
        self.nodes = [make_node() for _ in self.executors]
        for node in self.nodes:
            node.create_timer(1.0, lambda: None, callback_group=group)

    def add(self) -> None:
        """Bring each node to its executor."""
        for executor, node in zip(self.executors, self.nodes, strict=True):
            executor.add_node(node)

    def shut_down(self) -> None:
        """End the executors."""
        for executor in self.executors:
            executor.shutdown()


@pytest.mark.parametrize(
    "make_group", [MutuallyExclusiveCallbackGroup, lambda: ThreadCallbackGroup(2)]
)
def test_a_group_of_two_executors_is_told_of(
    context: Context,
    make_node: MakeNode,
    capfd: pytest.CaptureFixture[str],
    make_group: Callable[[], CallbackGroup],
) -> None:
    """It cannot be kept: each counts for itself. Once, with the names of the nodes."""
    group = make_group()
    shared = Shared(context, make_node, group)
    shared.add()
    told = capfd.readouterr().err
    assert told.count("are on two executors") == 1
    assert type(group).__name__ in told
    for node in shared.nodes:
        assert node.get_fully_qualified_name() in told
        node.create_timer(1.0, lambda: None, callback_group=group)
    assert "two executors" not in capfd.readouterr().err
    shared.shut_down()


def test_a_group_that_goes_with_its_node_is_not_told_of(
    context: Context, make_node: MakeNode, capfd: pytest.CaptureFixture[str]
) -> None:
    """A node with such a group moves, and comes after an executor that has ended."""
    group = MutuallyExclusiveCallbackGroup()
    shared = Shared(context, make_node, group)
    one, other = shared.executors
    node, next_node = shared.nodes
    one.add_node(node)
    other.add_node(node)
    other.shutdown()
    one.add_node(next_node)
    one.remove_node(next_node)
    shared.shut_down()
    assert "two executors" not in capfd.readouterr().err
