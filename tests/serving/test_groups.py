# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The classes of groups.py: what they refuse, and what they are under other executors.

from __future__ import annotations

import threading

import pytest
from rclpy.context import Context
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import LimitedCallbackGroup

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
