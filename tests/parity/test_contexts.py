# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Several contexts in a process, and several executors in threads of their own.

from __future__ import annotations

import functools
import itertools
import threading
from typing import TYPE_CHECKING

import pytest
from rclpy.node import Node
from std_msgs.msg import Int64

from tests.support.executors import breaks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeContext, MakeExecutor, MakeNode


def test_an_executor_knows_its_context(
    make_context: MakeContext, make_executor_of: MakeExecutor
) -> None:
    """The context is the one that the executor was made with."""
    context = make_context()
    assert make_executor_of(context).context is context


@breaks(single="complains in a finalizer, too", events="takes it")
def test_a_context_that_is_down_is_refused(
    make_context: MakeContext, make_executor_of: MakeExecutor
) -> None:
    """An executor is made with a context that is up."""
    context = make_context()
    context.shutdown()
    with pytest.raises(RuntimeError, match="shut down"):
        make_executor_of(context)


def test_contexts_do_not_meet(
    make_context: MakeContext, make_executor_of: MakeExecutor, make_node: MakeNode
) -> None:
    """Executors of two contexts, in two domains, run side by side and hear only their own."""
    received: list[list[int]] = []
    spinners: list[Spinner] = []
    publishers = []
    for number in range(2):
        context = make_context()
        node = make_node(context=context)
        executor = make_executor_of(context)
        executor.add_node(node)
        received.append([])
        node.create_subscription(
            Int64, "topic", lambda message, number=number: received[number].append(message.data), 10
        )
        publishers.append(node.create_publisher(Int64, "topic", 10))
        spinners.append(Spinner(executor, 10))
    for number, publisher in enumerate(publishers):
        publisher.publish(Int64(data=number))
    spinners[0].until(lambda: received[0])
    spinners[1].until(lambda: received[1])
    spinners[0].drain()
    assert received == [[0], [1]]


def test_a_context_that_goes_down_leaves_the_other_alone(
    make_context: MakeContext,
    make_executor_of: MakeExecutor,
    make_node: MakeNode,
    executor: Executor,
    node: Node,
    spin: Spinner,
) -> None:
    """Shutting one context down ends its executor only."""
    other = make_context()
    second = make_executor_of(other)
    second.add_node(make_node(context=other))
    second.spin_once(timeout_sec=0)
    other.shutdown()
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    node.create_publisher(Int64, "topic", 10).publish(Int64(data=1))
    spin.until(lambda: received)


@breaks(events="deadlocks between its lock and the one of the interpreter")
def test_executors_in_threads_talk_to_each_other(
    make_executor_of: MakeExecutor, make_node: MakeNode
) -> None:
    """Three executors in three threads pass a number round, three hundred times."""
    laps = 300
    ends = []
    threads = []
    seen: list[list[int]] = []
    for number in range(3):
        executor = make_executor_of()
        node = make_node()
        executor.add_node(node)
        publisher = node.create_publisher(Int64, f"to_{(number + 1) % 3}", 10)
        end = new_future(executor)
        mine: list[int] = []

        def callback(message: Int64, publisher=publisher, end=end, mine=mine) -> None:  # type: ignore[no-untyped-def]
            mine.append(message.data)
            if message.data < laps:
                publisher.publish(Int64(data=message.data + 1))
            if message.data >= laps - 2:
                end.set_result(None)

        node.create_subscription(Int64, f"to_{number}", callback, 10)
        seen.append(mine)
        ends.append(end)
        threads.append(
            threading.Thread(
                target=executor.spin_until_future_complete, args=(end,), kwargs={"timeout_sec": 30}
            )
        )
    for thread in threads:
        thread.start()
    make_node().create_publisher(Int64, "to_0", 10).publish(Int64(data=0))
    for thread in threads:
        thread.join()
    assert all(end.done() for end in ends)
    assert sorted(itertools.chain(*seen)) == list(range(laps + 1))


def test_executors_share_a_context(make_executor_of: MakeExecutor, make_node: MakeNode) -> None:
    """Ten executors of one context, one after the other and each with a node, all work."""
    for number in range(10):
        executor = make_executor_of()
        node = make_node()
        received: list[int] = []
        topic = f"topic_{number}"
        node.create_subscription(Int64, topic, lambda m, r=received: r.append(m.data), 10)
        node.create_publisher(Int64, topic, 10).publish(Int64(data=number))
        executor.add_node(node)
        Spinner(executor, 10).until(functools.partial(bool, received))
        assert received == [number]
