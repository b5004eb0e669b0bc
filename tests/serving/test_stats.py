# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What an executor tells of its entities.

from __future__ import annotations

import asyncio
import functools
import sys
from typing import TYPE_CHECKING

import pytest
from rclpy.action.client import ActionClient
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, Durations, EntityStats
from tests.support.actions import serve_action
from tests.support.busy import BUSY_NS, keep_busy, spin
from tests.support.turns import turns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rclpy.context import Context

    from tests.support.makers import MakeNode, Run

NOTHING = Durations(0, 0, 0, 0, 0, 0)


@pytest.fixture
def executor(context: Context) -> Iterator[AsyncioExecutor]:
    """An executor on a loop of its own."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


def of(executor: AsyncioExecutor, kind: str, name: str = "") -> EntityStats:
    """Find the statistics of one entity."""
    (found,) = (
        each
        for each in executor.stats().entities
        if each.kind == kind and each.name.endswith(name) and (each.node or kind == "task")
    )
    return found


def test_calls_are_counted_and_timed(executor: AsyncioExecutor, node: Node) -> None:
    """A subscription's calls are counted; each took as long as its callback, and waited."""
    received: list[Int64] = []

    def callback(message: Int64) -> None:
        received.append(message)
        keep_busy()

    node.create_subscription(Int64, "topic", callback, 10)
    publisher = node.create_publisher(Int64, "topic", 10)
    assert of(executor, "subscription", "/topic").callback_time == NOTHING
    for _ in range(5):
        publisher.publish(Int64())
    spin(executor, lambda: len(received) == 5)
    stats = of(executor, "subscription", "/topic")
    assert stats.node == node.get_fully_qualified_name()
    assert stats.calls == 5
    assert stats.callback_time.count == stats.queue_delay.count == 5
    assert stats.callback_time.p50 >= BUSY_NS
    assert stats.callback_time.max >= stats.callback_time.mean >= BUSY_NS
    # Those that came together waited for the ones before them.
    assert stats.queue_delay.max >= BUSY_NS
    assert stats.queue_delay.p50 <= stats.queue_delay.p90 <= stats.queue_delay.p99
    assert stats.running == 0
    assert not stats.held_back


def test_steps_of_coroutines_are_timed(run: Run, context: Context, make_node: MakeNode) -> None:
    """Each step after the first, of callbacks and of tasks: it is the loop that they keep."""

    async def main() -> None:
        node = make_node()
        ended = asyncio.Event()

        async def callback(_: Int64) -> None:
            await asyncio.sleep(0)
            keep_busy()
            await asyncio.sleep(0)
            ended.set()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            node.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
            node.create_publisher(Int64, "topic", 10).publish(Int64())
            await ended.wait()
            await executor.create_task(callback, Int64())
            eager = sys.version_info >= (3, 12)
            for kind, name in (("subscription", "/topic"), ("task", "")):
                stats = of(executor, kind, name)
                assert stats.step_time.count == (2 if eager else 3)
                assert stats.step_time.max >= BUSY_NS
            assert of(executor, "subscription", "/topic").calls == 1

    run(main)


def test_every_kind_has_a_name(executor: AsyncioExecutor, node: Node) -> None:
    """Entities without a name of their own are named by what they call."""
    done: list[str] = []
    node.create_service(Trigger, "service", lambda _, response: response)
    client = node.create_client(Trigger, "service")
    client.call_async(Trigger.Request()).add_done_callback(lambda _: done.append("answer"))
    guard = node.create_guard_condition(functools.partial(done.append, "guard"))
    timer = node.create_timer(0.001, keep_busy)
    guard.trigger()
    executor.create_task(done.append, "task")
    spin(executor, lambda: len(done) == 3 and of(executor, "timer").calls)
    timer.cancel()
    assert of(executor, "service", "/service").calls == 1
    assert of(executor, "client", "/service").calls == 1
    assert of(executor, "timer").name == "keep_busy"
    assert of(executor, "guard condition").calls == 1
    assert of(executor, "task").calls >= 2  # that one, and the done callback
    kinds = {each.kind for each in executor.stats().entities}
    assert "publisher" not in kinds


def test_the_parts_of_an_action_are_told_apart(executor: AsyncioExecutor, node: Node) -> None:
    """What comes to a client or a server is counted for each of its kinds."""
    serve_action(node)
    client = ActionClient(node, Fibonacci, "action")
    goal = client.send_goal_async(Fibonacci.Goal(order=1))
    executor.spin_until_future_complete(goal)
    result = goal.result().get_result_async()
    executor.spin_until_future_complete(result)
    for part in (
        *("goal request of action server", "result request of action server"),
        *("goal response of action client", "result response of action client"),
    ):
        assert of(executor, part, "/action").calls == 1
    assert of(executor, "cancel request of action server", "/action").calls == 0
    assert of(executor, "feedback of action client", "/action").calls == 0


def test_what_raises_is_counted(executor: AsyncioExecutor, node: Node) -> None:
    """A callback that raises was called, and is under way no more."""

    def callback() -> None:
        keep_busy()
        raise ValueError("on purpose")

    node.create_timer(0.001, callback)
    with pytest.raises(ValueError, match="on purpose"):
        executor.spin_once(timeout_sec=10)
    stats = of(executor, "timer")
    assert (stats.calls, stats.running) == (1, 0)
    assert stats.callback_time.max >= BUSY_NS


def test_what_is_under_way_and_held_back(run: Run, context: Context, make_node: MakeNode) -> None:
    """A suspended coroutine is running, and what its group holds back says so, and for how long."""

    async def main() -> None:
        node = make_node()
        group = MutuallyExclusiveCallbackGroup()
        may_end, second = asyncio.Event(), asyncio.Event()

        async def suspended(_: Int64) -> None:
            await may_end.wait()

        node.create_subscription(Int64, "first", suspended, 10, callback_group=group)  # type: ignore[arg-type]
        node.create_subscription(Int64, "second", lambda _: second.set(), 10, callback_group=group)
        publishers = [node.create_publisher(Int64, topic, 10) for topic in ("first", "second")]
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            await turns()
            for publisher in publishers:
                publisher.publish(Int64())
            while not of(executor, "subscription", "/second").held_back:
                await turns(1)
            assert of(executor, "subscription", "/first").running == 1
            assert of(executor, "subscription", "/second").running == 0
            keep_busy()
            may_end.set()
            await second.wait()
            await turns()
            first, other = (of(executor, "subscription", name) for name in ("/first", "/second"))
            assert (first.running, first.held_back) == (0, False)
            assert (other.running, other.held_back) == (0, False)
            assert other.queue_delay.max >= BUSY_NS

    run(main)


def test_the_longest_callback_is_named(executor: AsyncioExecutor, node: Node) -> None:
    """The executor's own numbers name who took longest, also after it has gone."""
    stats = executor.stats()
    assert stats.callbacks == 0
    assert (stats.longest_callback, stats.longest_callback_ns) == ("", 0)
    slow = node.create_timer(0.001, keep_busy)
    spin(executor, lambda: executor.stats().longest_callback_ns >= BUSY_NS)
    stats = executor.stats()
    assert stats.longest_callback == "timer 'keep_busy'"
    assert stats.callbacks == sum(each.calls for each in stats.entities)
    assert stats.turns >= 1
    node.destroy_timer(slow)
    assert executor.stats().longest_callback == "timer"
    assert executor.stats().callbacks == stats.callbacks
