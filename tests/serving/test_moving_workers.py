# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What was taken for a worker thread, and has not begun when its node goes: it begins yet.

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.elsewhere import DEADLINE_SEC, Arrivals, Elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode


class FirstWorker:
    """Keeps the first worker thread from starting."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._start = threading.Thread.start
        self._threads: list[threading.Thread] = []
        self._wanted = threading.Event()
        monkeypatch.setattr(threading.Thread, "start", self._start_unless_first())

    def _start_unless_first(self) -> Callable[[threading.Thread], None]:
        def start(thread: threading.Thread) -> None:
            if thread.name.startswith("aiorcl worker") and not self._wanted.is_set():
                self._threads.append(thread)
                self._wanted.set()
            else:
                self._start(thread)

        return start

    def wait(self) -> None:
        """Wait until a callback waits for it."""
        assert self._wanted.wait(DEADLINE_SEC)

    def begin(self) -> None:
        """Start it."""
        for thread in self._threads:
            self._start(thread)
            self._threads.clear()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[FirstWorker]:
    """The first worker thread of the test."""
    first = FirstWorker(monkeypatch)
    yield first
    first.begin()


@pytest.fixture
def running(context: Context, worker: FirstWorker) -> Iterator[Callable[[], Elsewhere]]:
    """Run executors, each in a thread."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Elsewhere(AsyncioExecutor(context=context)))
        worker.begin()


@pytest.fixture
def other(running: Callable[[], Elsewhere], make_node: MakeNode) -> Node:
    """A node that stays where it is, and is served."""
    node = make_node()
    running().executor.add_node(node)
    return node


def settle(elsewhere: Elsewhere) -> None:
    """Let an executor look at its nodes, and what it cancels hear of that."""
    elsewhere.do(lambda: None)
    heard = threading.Event()

    async def turns() -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        heard.set()

    elsewhere.executor.create_task(turns)
    assert heard.wait(DEADLINE_SEC)


def removed(old: Elsewhere, new: Elsewhere, node: Node) -> None:
    """No executor gets it."""
    old.executor.remove_node(node)


def moved(old: Elsewhere, new: Elsewhere, node: Node) -> None:
    """Another executor gets it."""
    new.executor.add_node(node)


def brought_back(old: Elsewhere, new: Elsewhere, node: Node) -> None:
    """It leaves its executor for a while."""
    old.executor.remove_node(node)
    settle(old)
    old.executor.add_node(node)


ways = pytest.mark.parametrize("way", [removed, moved, brought_back])
Way = Callable[[Elsewhere, Elsewhere, Node], None]


@ways
def test_a_request_is_answered(
    running: Callable[[], Elsewhere], worker: FirstWorker, lone: Node, other: Node, way: Way
) -> None:
    """Whoever has taken it answers."""
    answered = threading.Event()
    group = ThreadCallbackGroup(1)
    lone.create_service(Trigger, "service", lambda _, response: response, callback_group=group)
    client = other.create_client(Trigger, "service")
    old, new = running(), running()
    old.executor.add_node(lone)
    assert client.wait_for_service(DEADLINE_SEC)
    client.call_async(Trigger.Request()).add_done_callback(lambda _: answered.set())
    worker.wait()
    way(old, new, lone)
    settle(old)
    worker.begin()
    assert answered.wait(DEADLINE_SEC)


@pytest.mark.parametrize("way", [removed, brought_back])
def test_a_goal_is_executed(
    running: Callable[[], Elsewhere], worker: FirstWorker, lone: Node, other: Node, way: Way
) -> None:
    """It was accepted where the node was."""
    executed = threading.Event()

    def execute(goal: Any) -> Fibonacci.Result:
        goal.succeed()
        executed.set()
        return Fibonacci.Result()

    group = ThreadCallbackGroup(1)
    server = ActionServer(lone, Fibonacci, "action", execute, callback_group=group)
    client = ActionClient(other, Fibonacci, "action")
    old = running()
    old.executor.add_node(lone)
    assert client.wait_for_server(DEADLINE_SEC)
    client.send_goal_async(Fibonacci.Goal())
    worker.wait()
    way(old, old, lone)
    settle(old)
    worker.begin()
    assert executed.wait(DEADLINE_SEC)
    server.destroy()


@ways
def test_messages_keep_their_order(
    running: Callable[[], Elsewhere], worker: FirstWorker, lone: Node, other: Node, way: Way
) -> None:
    """The next one waits for its place in the group, on whichever executor."""
    arrivals = Arrivals()
    lone.create_subscription(
        *(Int64, "topic", lambda message: arrivals.add(message.data), 10),
        callback_group=ThreadCallbackGroup(1),
    )
    publisher = other.create_publisher(Int64, "topic", 10)
    old, new = running(), running()
    old.executor.add_node(lone)
    for number in (1, 2):
        publisher.publish(Int64(data=number))
    worker.wait()
    way(old, new, lone)
    for each in (old, new):
        settle(each)
    assert arrivals.what == []
    worker.begin()
    came = [1] if way is removed else [1, 2]
    arrivals.wait(lambda what: len(what) == len(came))
    assert arrivals.what == came


def test_a_coroutine_that_it_returns_begins(
    running: Callable[[], Elsewhere], worker: FirstWorker, lone: Node
) -> None:
    """As one of a callback on the loop it comes to its first suspension, and is cancelled there."""
    arrivals = Arrivals()

    async def suspended() -> None:
        arrivals.add("begun")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            arrivals.add("cancelled")
            raise

    callback: Callable[[], Any] = lambda: suspended()  # noqa: E731
    guard = lone.create_guard_condition(callback, ThreadCallbackGroup(1))
    old = running()
    old.executor.add_node(lone)
    guard.trigger()
    worker.wait()
    old.executor.remove_node(lone)
    settle(old)
    worker.begin()
    arrivals.wait(lambda what: what == ["begun", "cancelled"])


def the_entity_is_destroyed(old: Elsewhere, node: Node, entity: Any) -> None:
    """By its node."""
    node.destroy_guard_condition(entity)


def the_node_is_destroyed(old: Elsewhere, node: Node, entity: Any) -> None:
    """With what it has."""
    node.destroy_node()


def the_executor_ends(old: Elsewhere, node: Node, entity: Any) -> None:
    """It does not wait, as it might for the worker."""
    assert not old.executor.shutdown(timeout_sec=0)


@pytest.mark.parametrize("end", [the_entity_is_destroyed, the_node_is_destroyed, the_executor_ends])
def test_nothing_begins_after_an_end(
    running: Callable[[], Elsewhere],
    worker: FirstWorker,
    lone: Node,
    end: Callable[[Elsewhere, Node, Any], None],
) -> None:
    """What destroys the entity later, or ends the executor, lets nothing begin either."""
    called: list[object] = []
    guard = lone.create_guard_condition(lambda: called.append(1), ThreadCallbackGroup(1))
    old = running()
    old.executor.add_node(lone)
    guard.trigger()
    worker.wait()
    old.executor.remove_node(lone)
    settle(old)
    end(old, lone, guard)
    worker.begin()
    assert old.executor.shutdown(timeout_sec=DEADLINE_SEC)
    assert called == []


def test_a_callback_that_has_returned_leaves_its_place(context: Context, lone: Node) -> None:
    """Its old executor has not heard of that, as nobody runs it: the new one need not wait.

    While it runs it keeps its place there, too.
    """
    begun, may_end = threading.Event(), threading.Event()
    received: list[int] = []

    def callback(message: Int64) -> None:
        begun.set()
        assert may_end.wait(DEADLINE_SEC)
        received.append(message.data)

    lone.create_subscription(Int64, "topic", callback, 10, callback_group=ThreadCallbackGroup(1))
    publisher = lone.create_publisher(Int64, "topic", 10)
    with AsyncioExecutor(context=context) as old, AsyncioExecutor(context=context) as new:
        old.add_node(lone)
        publisher.publish(Int64(data=1))
        while not begun.is_set():
            old.spin_once(timeout_sec=0)
        begun.clear()
        publisher.publish(Int64(data=2))
        old.remove_node(lone)
        new.add_node(lone)
        new.spin_once(timeout_sec=0.1)
        assert not begun.is_set()
        may_end.set()
        while len(received) < 2:
            new.spin_once(timeout_sec=DEADLINE_SEC)
    assert received == [1, 2]


def test_a_coroutine_that_a_callback_has_returned_keeps_its_place(
    context: Context, lone: Node
) -> None:
    """It is under way on the old executor until that runs, and ends."""
    begun: list[int] = []
    returned = threading.Event()

    def callback(message: Int64) -> Any:
        begun.append(message.data)

        async def rest() -> None:
            await asyncio.sleep(0)

        returned.set()
        return rest()

    lone.create_subscription(Int64, "topic", callback, 10, callback_group=ThreadCallbackGroup(1))
    publisher = lone.create_publisher(Int64, "topic", 10)
    with AsyncioExecutor(context=context) as old, AsyncioExecutor(context=context) as new:
        old.add_node(lone)
        publisher.publish(Int64(data=1))
        while not returned.is_set():
            old.spin_once(timeout_sec=0)
        publisher.publish(Int64(data=2))
        old.remove_node(lone)
        new.add_node(lone)
        new.spin_once(timeout_sec=0.1)
        assert begun == [1]
        old.shutdown()
        while len(begun) < 2:
            new.spin_once(timeout_sec=DEADLINE_SEC)
