# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Whoever watches an entity lets go in the end: also an executor that nobody runs to its end.

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from aiorcl._serving import registry
from aiorcl._serving.registry import served
from tests.support.elsewhere import DEADLINE_SEC, Arrivals, Elsewhere, call_elsewhere
from tests.support.waitables import DrivenInbox

if TYPE_CHECKING:
    from aiorcl._serving.node import ServedNode
    from tests.support.makers import MakeNode


def _listen(node: Node, arrivals: Arrivals) -> Any:
    node.create_subscription(Int64, "topic", lambda message: arrivals.add(message.data), 10)
    return node.create_publisher(Int64, "topic", 10)


class OwnDel(AsyncioExecutor):
    """A user's executor."""

    def __del__(self) -> None:
        """Not call that of the base class."""


@pytest.mark.parametrize("end", ["collected", "collected-own-del", "shut-down", "loop-closed"])
def test_the_old_executor_ends(context: Context, lone: Node, end: str) -> None:
    """What it was in the middle of keeps nobody from taking over its node."""
    arrivals = Arrivals()
    publisher = _listen(lone, arrivals)
    cls = OwnDel if end == "collected-own-del" else AsyncioExecutor
    old: list[AsyncioExecutor] = [cls(context=context)]
    old[0].add_node(lone)
    if end == "loop-closed":

        def abandon() -> None:
            loop = asyncio.new_event_loop()
            loop.run_until_complete(old[0].__aenter__())
            loop.close()

        call_elsewhere(abandon)
    else:
        old[0].remove_node(lone)
    if end == "shut-down":
        old[0].shutdown()
    elif end.startswith("collected"):
        old.clear()
        gc.collect()
    publisher.publish(Int64(data=1))
    with Elsewhere(AsyncioExecutor(context=context)) as new:
        new.executor.add_node(lone)
        arrivals.wait(lambda what: what == [1])


def test_an_interrupt_between_the_right_to_watch_and_its_use(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The executor that it has interrupted goes; the next one hears of the entity."""
    arrivals = Arrivals()
    publisher = _listen(lone, arrivals)
    hold, subscriptions = registry.hold, list(lone.subscriptions)

    def interrupted(entity: object, served_node: ServedNode) -> registry.Hold | None:
        held = hold(entity, served_node)
        if entity in subscriptions:
            subscriptions.clear()
            raise KeyboardInterrupt
        return held

    def give_up() -> None:
        old = AsyncioExecutor(context=context)
        with pytest.raises(KeyboardInterrupt):
            old.add_node(lone)
        old.remove_node(lone)
        old.shutdown()

    monkeypatch.setattr(registry, "hold", interrupted)
    give_up()
    gc.collect()
    publisher.publish(Int64(data=1))
    with Elsewhere(AsyncioExecutor(context=context)) as new:
        new.executor.add_node(lone)
        arrivals.wait(lambda what: what == [1])


class Hands(DrivenInbox):
    """A waitable that calls a function when it is let go, once."""

    def __init__(self, node: Node, function: Callable[[], object]) -> None:
        self.functions = [function]
        super().__init__(node)

    def clear_on_ready_callback(self) -> None:
        """Call it."""
        if self.functions:
            self.functions.pop()()
        super().clear_on_ready_callback()


@pytest.mark.parametrize("when", ["before its finalizer", "in its finalizer"])
def test_a_node_moves_while_its_executor_is_collected(
    context: Context, make_node: MakeNode, when: str
) -> None:
    """The new one waits until the old one has let go, by its finalizer; then it hears of all."""
    arrivals = Arrivals()
    first, node = make_node(), make_node()
    publisher = _listen(node, arrivals)
    new = AsyncioExecutor(context=context)

    def take() -> None:
        new.add_node(node)

    def make_garbage() -> None:
        old = AsyncioExecutor(context=context)
        if when == "in its finalizer":
            Hands(first, lambda: call_elsewhere(take))
        else:  # as soon as weak references to it are gone
            weakref.finalize(old, take)
        old.add_node(first)
        old.add_node(node)
        cycle: list[Any] = [old]
        cycle.append(cycle)

    make_garbage()
    gc.collect()
    assert new.get_nodes() == [node]
    for number in range(3):
        for _ in range(20):  # until it only waits
            new.spin_once(timeout_sec=0)
        publisher.publish(Int64(data=number))
        while len(arrivals.all) <= number:
            new.spin_once(timeout_sec=DEADLINE_SEC)
    assert arrivals.what == [0, 1, 2]
    new.shutdown()


def test_an_executor_ends_while_another_waits_for_its_nodes(context: Context, lone: Node) -> None:
    """Its shutdown, by a third thread, lets go of what it holds."""
    arrivals = Arrivals()
    publisher = _listen(lone, arrivals)
    with Elsewhere(AsyncioExecutor(context=context)) as new:
        with Elsewhere(AsyncioExecutor(context=context)) as old:
            old.executor.add_node(lone)
            old.do(lambda: None)
            with old.busy():
                new.executor.add_node(lone)
                new.do(lambda: None)
                publisher.publish(Int64(data=1))
                assert not old.executor.shutdown(timeout_sec=0)
        arrivals.wait(lambda what: what == [1])
        assert arrivals.all == [(1, new.ident)]


# Since Python 3.12 fork warns in a process with threads, and every ROS process has threads.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_waits_for_nobody(context: Context, lone: Node) -> None:
    """The threads of its parent are not there to let go."""
    subscription = lone.create_subscription(Int64, "topic", lambda message: None, 10)
    with Elsewhere(AsyncioExecutor(context=context)) as old:
        old.executor.add_node(lone)
        old.do(lambda: None)
        assert served(subscription) is not None
        child = os.fork()
        if child == 0:
            signal.alarm(5)  # ends a child that hangs
            os._exit(0 if served(subscription) is None else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert served(subscription) is not None


@pytest.mark.parametrize("other", [AsyncioExecutor, SingleThreadedExecutor])
def test_two_executors_take_nodes_from_each_other(
    context: Context, make_node: MakeNode, other: type[Executor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads do it at once, each with its executor as far as it gets by itself."""
    executors: list[Executor] = [AsyncioExecutor(context=context), other(context=context)]
    nodes = [make_node(), make_node()]
    for executor, node in zip(executors, nodes, strict=True):
        executor.add_node(node)
    both_are_inside = threading.Barrier(2, timeout=DEADLINE_SEC)
    inside = threading.local()
    of_rclpy: Any = Node.executor

    def set_executor(node: Node, executor: Any) -> None:
        if not hasattr(inside, "once"):  # the first time, in each thread
            inside.once = True
            both_are_inside.wait()
        of_rclpy.fset(node, executor)

    monkeypatch.setattr(Node, "executor", property(of_rclpy.fget, set_executor))
    threads = [
        threading.Thread(target=executors[number].add_node, args=(nodes[1 - number],), daemon=True)
        for number in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_SEC)
        assert not thread.is_alive()
    assert [executor.get_nodes() for executor in executors] == [[nodes[1]], [nodes[0]]]
    for executor in executors:
        executor.shutdown()


def test_two_threads_add_one_node_at_once(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on the executor that it names in the end, which gets its messages."""
    arrivals = Arrivals()
    publisher = _listen(lone, arrivals)
    first, second = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    # As a second thread does between two lines of rclpy's setter: it sees no executor yet, so
    # nobody tells the first one.
    first.add_node(lone)
    setattr(lone, "_Node__executor_weakref", None)
    second.add_node(lone)
    assert lone.executor is second
    publisher.publish(Int64(data=1))
    while not arrivals.all:
        second.spin_once(timeout_sec=1)
    assert first.get_nodes() == []
    first.shutdown()
    second.shutdown()


def test_what_was_taken_begins_before_its_node_goes(context: Context, lone: Node) -> None:
    """A coroutine callback whose node moves before its first line runs to its first suspension."""
    arrivals = Arrivals()

    async def handle(message: Int64) -> None:
        arrivals.add("begun")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            arrivals.add("cancelled")
            raise

    callback: Any = handle
    lone.create_subscription(Int64, "topic", callback, 10)
    publisher = lone.create_publisher(Int64, "topic", 10)
    with (
        Elsewhere(AsyncioExecutor(context=context)) as old,
        Elsewhere(AsyncioExecutor(context=context)) as new,
    ):
        old.executor.add_node(lone)
        old.do(lambda: None)
        with old.busy():
            publisher.publish(Int64())  # is taken before the node is looked for
            new.executor.add_node(lone)
        arrivals.wait(lambda what: "begun" in what)
        new.executor.shutdown()
        arrivals.wait(lambda what: what == ["begun", "cancelled"])
