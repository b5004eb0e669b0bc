# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Nodes that go from one executor to another: whatever comes is handled, once, by one of the two.

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.elsewhere import Arrivals, Elsewhere
from tests.support.movers import COUNTED, Arrange, item, of_every_kind, partner

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 10.0

#: Adds a node of an executor in one thread to one in another.
Move = Callable[[Elsewhere, Elsewhere, Node], None]


def by_a_third(old: Elsewhere, new: Elsewhere, node: Node) -> None:
    """Neither of the two threads adds it."""
    new.executor.add_node(node)


def by_the_new(old: Elsewhere, new: Elsewhere, node: Node) -> None:
    """The thread that gets it adds it."""
    new.do(lambda: new.executor.add_node(node))


def by_its_own(old: Elsewhere, new: Elsewhere, node: Node) -> None:
    """The thread that gives it away adds it."""
    old.do(lambda: new.executor.add_node(node))


@pytest.fixture
def running(context: Context) -> Iterator[Callable[[type[Executor]], Elsewhere]]:
    """Run executors, each in a thread."""
    with contextlib.ExitStack() as stack:
        yield lambda cls: stack.enter_context(Elsewhere(cls(context=context)))


@pytest.fixture
def other(running: Callable[[type[Executor]], Elsewhere], make_node: MakeNode) -> Node:
    """A node that stays where it is, and is served."""
    node = make_node()
    running(AsyncioExecutor).executor.add_node(node)
    return node


ways = pytest.mark.parametrize(
    ("before", "after"),
    [
        (AsyncioExecutor, AsyncioExecutor),
        (SingleThreadedExecutor, AsyncioExecutor),
        (AsyncioExecutor, SingleThreadedExecutor),
    ],
    ids=["ours", "from-rclpy", "to-rclpy"],
)


@of_every_kind
@ways
@pytest.mark.parametrize("move", [by_a_third, by_the_new, by_its_own])
def test_a_node_moves_between_threads(
    arrange: Arrange,
    before: type[Executor],
    after: type[Executor],
    move: Move,
    running: Callable[[type[Executor]], Elsewhere],
    lone: Node,
    other: Node,
) -> None:
    """From then on the new thread handles what comes, and nothing comes twice."""
    if SingleThreadedExecutor in (before, after) and arrange in (item, partner):
        pytest.skip("A waitable keeps its place in one wait set, and rclpy's is in use meanwhile")
    old, new = running(before), running(after)
    arrivals = Arrivals()
    send = arrange(lone, other, arrivals.add)
    old.executor.add_node(lone)
    send(1)
    arrivals.wait(lambda what: 1 in what)
    move(old, new, lone)
    assert (old.executor.get_nodes(), new.executor.get_nodes()) == ([], [lone])
    old.do(lambda: None)  # it has looked at its nodes
    for number in (2, 3):
        send(number)
        arrivals.wait(lambda what, number=number: number in what)  # type: ignore[misc]
    assert {thread for what, thread in arrivals.all if what != 1} == {new.ident}
    if arrange in COUNTED:
        assert arrivals.what == [1, 2, 3]


@of_every_kind
@pytest.mark.parametrize("counted", [True, False], ids=["before", "after"])
def test_the_old_executor_is_busy_meanwhile(
    arrange: Arrange,
    counted: bool,
    running: Callable[[type[Executor]], Elsewhere],
    lone: Node,
    other: Node,
) -> None:
    """What came before or after the move waits until the old one lets go, and comes once."""
    old, new = running(AsyncioExecutor), running(AsyncioExecutor)
    arrivals = Arrivals()
    send = arrange(lone, other, arrivals.add)
    old.executor.add_node(lone)
    old.do(lambda: None)
    with old.busy():
        if counted:
            send(1)
        new.executor.add_node(lone)
        new.do(lambda: None)
        if not counted:
            send(1)
        assert arrivals.all == []
    arrivals.wait(lambda what: 1 in what)
    send(2)
    arrivals.wait(lambda what: 2 in what)
    assert arrivals.all[-1] == (2, new.ident)
    if arrange in COUNTED:
        assert arrivals.what == [1, 2]


@of_every_kind
@ways
def test_the_old_executor_stands_still(
    arrange: Arrange,
    before: type[Executor],
    after: type[Executor],
    running: Callable[[type[Executor]], Elsewhere],
    context: Context,
    lone: Node,
    other: Node,
) -> None:
    """An executor that does not run gives a node away at once, with what it has counted."""
    old = before(context=context)
    new = running(after)
    arrivals = Arrivals()
    send = arrange(lone, other, arrivals.add)
    old.add_node(lone)
    old.spin_once(timeout_sec=0)
    send(1)
    new.executor.add_node(lone)
    arrivals.wait(lambda what: 1 in what)
    send(2)
    arrivals.wait(lambda what: 2 in what)
    assert {thread for _, thread in arrivals.all} == {new.ident}
    if arrange in COUNTED:
        assert arrivals.what == [1, 2]
    old.shutdown()


@pytest.mark.parametrize("way", ["away", "away and back", "shutdown"])
def test_a_worker_answers_whoever_serves_its_node_then(
    running: Callable[[type[Executor]], Elsewhere], lone: Node, other: Node, way: str
) -> None:
    """What a callback in a worker has begun it does: its response is sent when it returns."""
    begun, may_end, answered = threading.Event(), threading.Event(), threading.Event()

    def handler(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        begun.set()
        assert may_end.wait(DEADLINE_SEC)
        response.message = "done"
        return response

    lone.create_service(Trigger, "service", handler, callback_group=ThreadCallbackGroup(1))
    client = other.create_client(Trigger, "service")
    old = running(AsyncioExecutor)
    old.executor.add_node(lone)
    assert client.wait_for_service(DEADLINE_SEC)
    future = client.call_async(Trigger.Request())
    future.add_done_callback(lambda _: answered.set())
    assert begun.wait(DEADLINE_SEC)
    ended = threading.Thread(target=old.executor.shutdown)
    if way == "away":
        running(AsyncioExecutor).executor.add_node(lone)
    elif way == "away and back":
        old.executor.remove_node(lone)
        old.do(lambda: None)
        old.executor.add_node(lone)
    else:
        ended.start()
    if way != "shutdown":
        old.do(lambda: None)  # it has let go of the node
    may_end.set()
    assert answered.wait(DEADLINE_SEC)
    response = future.result()
    assert response is not None
    assert response.message == "done"
    if way == "shutdown":
        ended.join()
