# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Nodes that are removed while nothing runs, as rclpy.spin_once does each time: they stay watched.

from __future__ import annotations

import gc
import itertools
import threading
import weakref
from typing import TYPE_CHECKING, Any, cast

import pytest
import rclpy
from rclpy.action.server import ActionServer
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from aiorcl._serving.registry import served
from tests.support.executors import breaks
from tests.support.instructions import Between, traced

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode


@pytest.fixture
def ours(context: Context) -> Any:
    """An executor that nothing runs but the test."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


def watched(entity: object) -> bool:
    """Tell whether an executor watches an entity."""
    return served(entity) is not None


def test_a_node_that_comes_back_was_watched_all_the_time(ours: AsyncioExecutor, lone: Node) -> None:
    """The same object watches its entities before and after."""
    received: list[int] = []
    subscription = lone.create_subscription(Int64, "topic", lambda m: received.append(m.data), 10)
    publisher = lone.create_publisher(Int64, "topic", 10)
    ours.add_node(lone)
    before = served(subscription)
    assert before is not None
    ours.remove_node(lone)
    for number in range(20):
        publisher.publish(Int64(data=number))
        while len(received) <= number:
            rclpy.spin_once(lone, executor=ours, timeout_sec=1)
    after = served(subscription)
    assert after is not None
    assert after.core is before.core
    assert received == list(range(20))
    assert ours.get_nodes() == []
    assert [entity.node for entity in ours.stats().entities if entity.node] == []


@pytest.mark.parametrize("way", ["elsewhere", "to-rclpy", "none", "again", "destroy", "run", "end"])
def test_what_ends_the_watch(
    ours: AsyncioExecutor, context: Context, lone: Node, make_node: MakeNode, way: str
) -> None:
    """A node is let go when it does not come back."""
    subscription = lone.create_subscription(Int64, "topic", lambda message: None, 10)
    ours.add_node(lone)
    ours.remove_node(lone)
    assert watched(subscription)
    if way == "elsewhere":
        with AsyncioExecutor(context=context) as other:
            other.add_node(lone)
            found = served(subscription)
            assert found is not None
            assert found.served_node.serving.has(lone)
        assert not watched(subscription)
        return
    if way == "to-rclpy":
        single = SingleThreadedExecutor(context=context)
        single.add_node(lone)
        single.shutdown()
    elif way == "none":
        lone.executor = None  # type: ignore[assignment]
    elif way == "again":
        ours.remove_node(lone)
    elif way == "destroy":
        lone.destroy_node()
        assert make_node().count_subscribers("/topic") == 0
    elif way == "run":
        ours.spin_once(timeout_sec=0)
    else:
        ours.shutdown()
    assert not watched(subscription)


class Running:
    """A run of an executor on a thread, which ends when it is told to."""

    def __init__(self, executor: AsyncioExecutor) -> None:
        begun, self._may_end = threading.Event(), threading.Event()

        def work() -> None:
            begun.set()
            self._may_end.wait()

        task = executor.create_task(work)
        self._thread = threading.Thread(target=executor.spin_until_future_complete, args=(task,))
        self._thread.start()
        begun.wait()

    def end(self) -> None:
        """Return when it has ended."""
        self._may_end.set()
        self._thread.join()


@pytest.mark.parametrize("what", ["ends", "begins"])
def test_a_run_ends_or_begins_while_its_node_is_removed(
    ours: AsyncioExecutor, lone: Node, what: str
) -> None:
    """On another thread, before any line of the removal: the next run is without the node."""
    subscription = lone.create_subscription(Int64, "topic", lambda message: None, 10)
    for line in itertools.count():
        ours.add_node(lone)
        assert watched(subscription)
        running = [Running(ours)] if what == "ends" else []
        reached: list[int] = []

        def happen() -> None:
            reached.append(line)  # noqa: B023
            if what == "ends":
                running[0].end()  # noqa: B023
            else:
                running.append(Running(ours))  # noqa: B023

        with traced(Between("_serving", line, happen, lines=True)):
            ours.remove_node(lone)
        for run in running:
            run.end()
        ours.spin_once(timeout_sec=0)
        assert not watched(subscription), line
        if not reached:
            break
    assert line > 5


def test_a_node_that_moves_without_being_removed_is_let_go(
    ours: AsyncioExecutor, context: Context, lone: Node
) -> None:
    """rclpy's setter removes it once, as rclpy.spin_once does."""
    subscription = lone.create_subscription(Int64, "topic", lambda message: None, 10)
    ours.add_node(lone)
    single = SingleThreadedExecutor(context=context)
    single.add_node(lone)
    assert not watched(subscription)
    single.shutdown()


@pytest.mark.parametrize("way", ["elsewhere", "none", "again"])
def test_what_ends_the_watch_is_told_to_who_waits(
    ours: AsyncioExecutor, context: Context, lone: Node, way: str
) -> None:
    """For something of the node; who does, in a coroutine of nobody's, goes on."""
    client = lone.create_client(Trigger, "service")
    ended: list[str] = []

    async def iterate() -> None:
        async for _ in aiorcl.messages(lone, Int64, "topic"):
            pass
        ended.append("iteration")

    async def call() -> None:
        with pytest.raises(EntityGoneError, match="was removed from its executor"):
            await aiorcl.call(client, Trigger.Request())
        ended.append("call")

    ours.add_node(lone)
    tasks = [ours.create_task(iterate), ours.create_task(call)]
    for _ in range(10):
        ours.spin_once(timeout_sec=0)
    ours.remove_node(lone)
    with AsyncioExecutor(context=context) as other:
        if way == "elsewhere":
            other.add_node(lone)
        elif way == "none":
            lone.executor = None  # type: ignore[assignment]
        else:
            ours.remove_node(lone)
        for task in tasks:
            ours.spin_until_future_complete(task)
    assert sorted(ended) == ["call", "iteration"]


@pytest.mark.parametrize("beside", [False, True], ids=["alone", "in turn with another"])
def test_who_waits_for_a_node_that_comes_back_is_told_nothing(
    ours: AsyncioExecutor, lone: Node, make_node: MakeNode, beside: bool
) -> None:
    """It gets what it waits for."""
    publisher = lone.create_publisher(Int64, "topic", 10)
    other = make_node()
    ours.add_node(lone)
    task = ours.create_task(aiorcl.next_message, lone, Int64, "topic")
    for _ in range(10):
        rclpy.spin_once(lone, executor=ours, timeout_sec=0)
        if beside:
            rclpy.spin_once(other, executor=ours, timeout_sec=0)
    publisher.publish(Int64(data=1))
    while not task.done():
        rclpy.spin_once(lone, executor=ours, timeout_sec=1)
    message = task.result()
    assert message is not None
    assert message.data == 1


def test_an_entity_that_is_destroyed_meanwhile_is_let_go(
    ours: AsyncioExecutor, lone: Node, make_node: MakeNode
) -> None:
    """Those who count subscriptions do not find it any more."""
    subscription = lone.create_subscription(Int64, "topic", lambda message: None, 10)
    guard = lone.create_guard_condition(lambda: None)
    ours.add_node(lone)
    ours.remove_node(lone)
    lone.destroy_subscription(subscription)
    lone.destroy_guard_condition(guard)
    assert not watched(subscription)
    assert not watched(guard)
    assert make_node().count_subscribers("/topic") == 0


def test_the_executor_runs_without_it(
    ours: AsyncioExecutor, lone: Node, make_node: MakeNode
) -> None:
    """Nothing of the node is called, and its coroutines go on."""
    steps: list[str] = []
    may_end: Future[None] = Future()

    async def handle(message: Int64) -> None:
        steps.append("begun")
        await may_end
        steps.append("resumed")

    lone.create_subscription(Int64, "topic", cast("Any", handle), 10)
    publisher = make_node().create_publisher(Int64, "topic", 10)
    publisher.publish(Int64())
    while not steps:
        rclpy.spin_once(lone, executor=ours, timeout_sec=1)
    publisher.publish(Int64())
    for _ in range(10):
        ours.spin_once(timeout_sec=0)
    assert steps == ["begun"]
    may_end.set_result(None)
    while len(steps) < 2:
        ours.spin_once(timeout_sec=1)
    for _ in range(10):
        ours.spin_once(timeout_sec=0)
    assert steps == ["begun", "resumed"]
    while len(steps) < 4:
        rclpy.spin_once(lone, executor=ours, timeout_sec=1)
    assert steps == ["begun", "resumed"] * 2


@breaks(events_jazzy="has no coroutine callbacks of services")
def test_a_suspended_service_handler_answers(
    executor: Executor, make_node: MakeNode, lone: Node
) -> None:
    """Its node comes and goes with each spin_once."""
    begun: list[int] = []
    may_end: Future[None] = Future()

    async def handle(request: Any, response: Any) -> Any:
        begun.append(1)
        await may_end
        response.success = True
        return response

    lone.create_service(Trigger, "service", handle)
    other = make_node()
    single = SingleThreadedExecutor(context=lone.context)
    single.add_node(other)
    answer = other.create_client(Trigger, "service").call_async(Trigger.Request())
    while not begun:
        rclpy.spin_once(lone, executor=executor, timeout_sec=1)
    for _ in range(3):
        rclpy.spin_once(lone, executor=executor, timeout_sec=0)
    may_end.set_result(None)
    for _ in range(3):
        rclpy.spin_once(lone, executor=executor, timeout_sec=0)
    single.spin_until_future_complete(answer, timeout_sec=10)
    response = answer.result()
    assert response is not None
    assert response.success
    single.shutdown()


@pytest.mark.parametrize("watched_meanwhile", [True, False])
def test_nothing_that_is_idle_becomes_busy(
    ours: AsyncioExecutor, lone: Node, watched_meanwhile: bool
) -> None:
    """What entities have not settled does not grow, however often the node comes and goes."""
    ActionServer(lone, Fibonacci, "action", lambda goal: Fibonacci.Result())
    lone.create_service(Trigger, "service", lambda request, response: response)
    ours.create_task(lambda: None)
    for _ in range(200):
        ours.add_node(lone)
        ours.create_task(lambda: None)
        ours.spin_once(timeout_sec=0)  # the task is all that it runs
        ours.remove_node(lone)
        if not watched_meanwhile:
            ours.remove_node(lone)
    ours.add_node(lone)
    cores = [core for node in ours._served_nodes.watched_now() for core in node.cores()]
    assert max(core.pending for core in cores) <= 2


def test_a_kept_node_goes_with_its_executor(context: Context, make_node: MakeNode) -> None:
    """Neither of the two keeps the other one, and both can be collected."""
    executor = AsyncioExecutor(context=context)
    node = Node("kept", context=context, start_parameter_services=False)
    node.create_subscription(Int64, "topic", lambda message: None, 10)
    executor.add_node(node)
    executor.remove_node(node)
    gone = weakref.ref(node), weakref.ref(executor)
    node.destroy_node()
    del node
    gc.collect()
    assert gone[0]() is None
    del executor
    gc.collect()
    assert gone[1]() is None
