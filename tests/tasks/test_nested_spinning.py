# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Spin calls inside callbacks and beside other threads, under rclpy's executor and its stand-in.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from aiorcl._program import stand_ins
from tests.support.executors import SINGLE, Flavour
from tests.support.loops import LOOPS

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 20.0

Make = Callable[[], Any]
MakeStandIn = Callable[..., Any]
WAYS = ["spin", "spin_once", "spin_until_future_complete"]
STAND_IN = Flavour(
    "stand-in", "aiorcl", lambda context: stand_ins.SingleThreadedExecutor(context=context)
)


@pytest.fixture(params=[SINGLE, STAND_IN], ids=lambda flavour: flavour.name)
def make(request: pytest.FixtureRequest, context: Context) -> Iterator[Make]:
    """Make executors of one kind; they are shut down with the test."""
    made: list[Executor] = []

    def make() -> Executor:
        made.append(request.param.make(context))
        return made[-1]

    yield make
    for executor in made:
        executor.shutdown(timeout_sec=DEADLINE_SEC)


@pytest.fixture
def make_stand_in(context: Context) -> Iterator[MakeStandIn]:
    """Make stand-ins; they are shut down with the test."""
    made: list[Executor] = []

    def make(cls: type[Any] = stand_ins.SingleThreadedExecutor, *args: Any) -> Executor:
        made.append(cls(*args, context=context))
        return made[-1]

    yield make
    for executor in made:
        executor.shutdown(timeout_sec=DEADLINE_SEC)


def once(node: Node, callback: Callable[[], Any], seconds: float = 0.0) -> None:
    """Call a function once, by a timer in a group of its own."""

    def call() -> Any:
        timer.cancel()
        return callback()

    group = MutuallyExclusiveCallbackGroup()
    timer = node.create_timer(seconds, call, callback_group=group)


def in_turn(*functions: Callable[[], Any]) -> Callable[..., None]:
    """Make a callback that calls functions one after the other."""

    def call(*_: object) -> None:
        for function in functions:
            function()

    return call


def spin(executor: Executor, way: str, done: Future[Any]) -> None:
    """Spin in one way until a future is done."""
    if way == "spin":
        done.add_done_callback(in_turn(partial(executor.shutdown, timeout_sec=0)))
        executor.spin()
    elif way == "spin_once":
        while not done.done():
            executor.spin_once(timeout_sec=DEADLINE_SEC)
    else:
        executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)


@pytest.mark.parametrize("inner", [way for way in WAYS if way != "spin"])
@pytest.mark.parametrize("outer", WAYS)
def test_the_executor_that_calls(make: Make, make_node: MakeNode, outer: str, inner: str) -> None:
    """A callback spins it until another callback has run; then it is spun as before."""
    executor, node = make(), make_node()
    executor.add_node(node)
    came: Any = Future()
    done: Any = Future()
    said: list[str] = []

    def callback() -> None:
        once(node, in_turn(partial(said.append, "inside"), partial(came.set_result, None)))
        spin(executor, inner, came)
        said.append("back")
        once(node, lambda: done.set_result("after"))

    once(node, callback)
    spin(executor, outer, done)
    assert said == ["inside", "back"]
    assert done.result() == "after"


@pytest.mark.parametrize("outer", WAYS)
def test_three_deep(make: Make, make_node: MakeNode, outer: str) -> None:
    """One executor in another's callback, and the first one again inside of that."""
    one, other = make(), make()
    node, node_of_other = make_node(), make_node()
    one.add_node(node)
    other.add_node(node_of_other)
    innermost: Any = Future()
    middle: Any = Future()
    done: Any = Future()

    def in_other() -> None:
        once(node, lambda: innermost.set_result(1))
        one.spin_until_future_complete(innermost, timeout_sec=DEADLINE_SEC)
        middle.set_result(innermost.result() + 1)

    def callback() -> None:
        once(node_of_other, in_other)
        other.spin_until_future_complete(middle, timeout_sec=DEADLINE_SEC)
        done.set_result(middle.result() + 1)

    once(node, callback)
    spin(one, outer, done)
    assert done.result() == 3


def test_spin_once_runs_one_callback(make: Make, make_node: MakeNode) -> None:
    """Also inside a callback."""
    executor, node = make(), make_node()
    executor.add_node(node)
    done: Any = Future()
    called: list[int] = []

    def callback() -> None:
        counts = []
        for number in range(3):
            once(node, partial(called.append, number))
        while len(called) < 3:
            before = len(called)
            executor.spin_once(timeout_sec=DEADLINE_SEC)
            counts.append(len(called) - before)
        done.set_result(counts)

    once(node, callback)
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert max(done.result()) == 1


def test_time_is_over(make: Make, make_node: MakeNode) -> None:
    """A spin call inside a callback ends with its timeout, and so does one of 0 seconds."""
    executor, node = make(), make_node()
    executor.add_node(node)
    done: Any = Future()

    def callback() -> None:
        never: Any = Future()
        for timeout_sec in (0.0, 0.01):
            executor.spin_once(timeout_sec=timeout_sec)
            executor.spin_until_future_complete(never, timeout_sec=timeout_sec)
        done.set_result(never.done())

    once(node, callback)
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.result() is False


def test_an_exception_inside(make: Make, make_node: MakeNode) -> None:
    """It comes out of the spin call in whose time it was raised, and may be handled there."""
    executor, node = make(), make_node()
    executor.add_node(node)
    done: Any = Future()

    def fail() -> None:
        raise ValueError("inside")

    def callback() -> None:
        once(node, fail)
        try:
            executor.spin_once(timeout_sec=DEADLINE_SEC)
        except ValueError as error:
            done.set_result(str(error))

    once(node, callback)
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.result() == "inside"


@pytest.mark.parametrize("outer", ["spin", "spin_once"])
def test_a_shutdown_inside_ends_both(make: Make, make_node: MakeNode, outer: str) -> None:
    """Of the executor, by a callback that the inner one has called."""
    executor, node = make(), make_node()
    executor.add_node(node)
    said: list[str] = []

    def callback() -> None:
        once(node, lambda: executor.shutdown(timeout_sec=0))
        executor.spin()
        said.append("inner")

    once(node, callback)
    if outer == "spin":
        executor.spin()
    else:
        executor.spin_once(timeout_sec=DEADLINE_SEC)
    assert said == ["inner"]


def test_a_callback_does_not_run_beside_itself(make: Make, make_node: MakeNode) -> None:
    """Its node has gone to another executor in it, and the group that it is in goes on to hold."""
    one, other, node = make(), make(), make_node()
    one.add_node(node)
    depth, calls = [0], [0]
    most: list[int] = []
    group = MutuallyExclusiveCallbackGroup()

    def callback() -> None:
        calls[0] += 1
        depth[0] += 1
        most.append(depth[0])
        if calls[0] == 1:
            other.add_node(node)
            other.spin_until_future_complete(Future(), timeout_sec=0.1)
            other.remove_node(node)
            one.add_node(node)
        depth[0] -= 1

    node.create_timer(0.001, callback, callback_group=group)
    while calls[0] < 3:
        one.spin_once(timeout_sec=DEADLINE_SEC)
    assert max(most) == 1


@pytest.mark.parametrize("outer", WAYS)
def test_inside_a_coroutine(make_stand_in: MakeStandIn, make_node: MakeNode, outer: str) -> None:
    """A coroutine callback spins in one of its steps: others go on, and so does it afterwards."""
    executor, node = make_stand_in(), make_node()
    executor.add_node(node)
    done: Any = Future()
    said: list[str] = []

    async def other(future: Future[None]) -> None:
        await asyncio.sleep(0.001)
        said.append("other")
        future.set_result(None)

    async def callback() -> None:
        for _ in range(2):
            current = asyncio.current_task()
            future: Any = Future()
            executor.create_task(other, future)
            spin(executor, "spin_once", future)
            said.append("back")
            assert asyncio.current_task() is current
            async with asyncio.timeout(DEADLINE_SEC):
                await asyncio.sleep(0.001)
        done.set_result("end")

    once(node, callback)
    spin(executor, outer, done)
    assert said == ["other", "back"] * 2


def test_inside_a_task_and_a_done_callback(make_stand_in: MakeStandIn, make_node: MakeNode) -> None:
    """Whatever the executor calls may spin it."""
    executor, node = make_stand_in(), make_node()
    executor.add_node(node)
    said: list[str] = []

    def nest(name: str) -> None:
        future = executor.create_task(lambda: said.append(name))
        executor.spin_until_future_complete(future, timeout_sec=DEADLINE_SEC)

    task = executor.create_task(nest, "task")
    done: Any = Future(executor=executor)
    task.add_done_callback(in_turn(partial(nest, "done callback"), partial(done.set_result, None)))
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert said == ["task", "done callback"]


def test_another_thread_waits_for_the_one_that_spins(
    make_stand_in: MakeStandIn, make_node: MakeNode
) -> None:
    """It gets what that brings, and its timeout holds; when that has ended it spins itself."""
    executor, node = make_stand_in(), make_node()
    executor.add_node(node)
    spins = threading.Event()
    first: Any = Future()
    second: Any = Future()
    once(node, spins.set)
    thread = threading.Thread(target=executor.spin_until_future_complete, args=[first])
    thread.start()
    assert spins.wait(DEADLINE_SEC)
    executor.spin_until_future_complete(second, timeout_sec=0.01)
    assert not second.done()

    once(node, lambda: second.set_result(None))
    executor.spin_until_future_complete(second, timeout_sec=DEADLINE_SEC)
    assert second.done()

    third: Any = Future()
    once(node, lambda: first.set_result(None))
    once(node, lambda: third.set_result(None), 0.1)
    executor.spin_until_future_complete(third, timeout_sec=DEADLINE_SEC)
    assert third.done()
    thread.join(DEADLINE_SEC)
    assert first.done()


@pytest.mark.parametrize("way", ["spin", "spin_once"])
def test_another_thread_spins_beside_the_one_that_does(
    make_stand_in: MakeStandIn, make_node: MakeNode, way: str
) -> None:
    """It returns when a callback was called, or goes on when the other one has ended."""
    executor, node = make_stand_in(), make_node()
    executor.add_node(node)
    spins = threading.Event()
    first: Any = Future()
    once(node, spins.set)
    thread = threading.Thread(target=executor.spin_until_future_complete, args=[first])
    thread.start()
    assert spins.wait(DEADLINE_SEC)
    if way == "spin_once":
        executor.spin_once(timeout_sec=0.01)
        came: list[None] = []
        once(node, lambda: came.append(None), 0.05)
        while not came:
            executor.spin_once(timeout_sec=DEADLINE_SEC)
        first.set_result(None)
    else:
        once(node, lambda: first.set_result(None))
        once(node, partial(executor.shutdown, timeout_sec=0), 0.1)
        executor.spin()
    thread.join(DEADLINE_SEC)
    assert first.done()


def test_a_worker_waits_for_the_one_that_spins(
    make_stand_in: MakeStandIn, make_node: MakeNode
) -> None:
    """The end of the executor ends its wait: else each would wait for the other."""
    executor, node = make_stand_in(stand_ins.MultiThreadedExecutor, 2), make_node()
    executor.add_node(node)
    came: Any = Future()
    waits = threading.Event()
    done: Any = Future()

    def callback() -> None:
        once(node, lambda: came.set_result(None))
        executor.spin_until_future_complete(came, timeout_sec=DEADLINE_SEC)
        assert came.done()
        done.set_result(None)
        waits.set()
        executor.spin_until_future_complete(Future())

    once(node, callback)
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.done()
    assert waits.wait(DEADLINE_SEC)
    assert executor.shutdown(timeout_sec=DEADLINE_SEC)


def test_a_loop_of_the_users_is_left_alone(run: Run, make_stand_in: MakeStandIn) -> None:
    """Where no executor runs it, it is named, with what to write."""
    executor = make_stand_in()

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"that no executor runs .* by 'async with"):
            executor.spin_once(timeout_sec=0)
        asyncio.get_running_loop()

    run(main)


@pytest.mark.parametrize("new_loop", [LOOPS["stock"], LOOPS["uvloop"]], ids=["stock", "uvloop"])
def test_another_loop_cannot_be_run_inside(
    make_stand_in: MakeStandIn,
    make_node: MakeNode,
    monkeypatch: pytest.MonkeyPatch,
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """It says so where the executor would have to; another executor can be spun all the same."""
    monkeypatch.setattr(stand_ins.options, "new_loop", new_loop)
    executor, other, node, of_other = make_stand_in(), make_stand_in(), make_node(), make_node()
    executor.add_node(node)
    other.add_node(of_other)
    done: Any = Future()

    def callback() -> None:
        with pytest.raises(RuntimeError, match="cannot be run inside its own callbacks"):
            executor.spin_once(timeout_sec=0)
        came: Any = Future()
        once(of_other, lambda: came.set_result(None))
        other.spin_until_future_complete(came, timeout_sec=DEADLINE_SEC)
        done.set_result(came.done())

    once(node, callback)
    done.add_done_callback(in_turn(partial(executor.shutdown, timeout_sec=0)))
    executor.spin()
    assert done.result() is True


def test_an_ordinary_executor_refuses(context: Context, make_node: MakeNode) -> None:
    """Only those that stand in for rclpy's may be spun inside callbacks."""
    with AsyncioExecutor(context=context) as executor:
        node = make_node()
        executor.add_node(node)
        once(node, lambda: executor.spin_once(timeout_sec=0))
        with pytest.raises(RuntimeError, match="runs already, in this thread"):
            executor.spin()


def test_messages_come_after_it(make_stand_in: MakeStandIn, make_node: MakeNode) -> None:
    """What arrives when the inner call has ended wakes the outer one."""
    executor, node = make_stand_in(), make_node()
    executor.add_node(node)
    came: Any = Future()
    node.create_subscription(Int64, "topic", lambda message: came.set_result(message.data), 10)
    publisher = make_node().create_publisher(Int64, "topic", 10)

    def callback() -> None:
        inner = executor.create_task(lambda: None)
        executor.spin_until_future_complete(inner, timeout_sec=DEADLINE_SEC)
        threading.Timer(0.05, publisher.publish, [Int64(data=3)]).start()

    once(node, callback)
    came.add_done_callback(in_turn(partial(executor.shutdown, timeout_sec=0)))
    executor.spin()
    assert came.result() == 3
