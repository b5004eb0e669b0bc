# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tasks of the executor: what may become one, in which order they run, how they end.

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.node import Node
from rclpy.task import Task
from std_msgs.msg import Int64

from tests.support.executors import Flavour, breaks, lacks, new_future
from tests.support.spinner import Spinner
from tests.support.turns import Turn

if TYPE_CHECKING:
    from rclpy.executors import Executor


def add(left: int, right: int, *, times: int = 1) -> int:
    """Compute something from each kind of argument."""
    return (left + right) * times


async def add_async(left: int, right: int, *, times: int = 1) -> int:
    """Compute the same in a coroutine."""
    await Turn()
    return add(left, right, times=times)


def run(spin: Spinner, task: Task[Any]) -> Any:
    """Spin, one step at a time, until ``task`` is done."""
    while not task.done():
        spin.executor.spin_once(timeout_sec=0)
    return task.result()


def test_a_function_is_run_with_its_arguments(executor: Executor, spin: Spinner) -> None:
    """A function that is made a task gets its arguments, and the task its result."""
    task = executor.create_task(add, 1, 2, times=5)
    assert isinstance(task, Task)
    assert not task.done()
    assert spin.complete(task) == 15


def test_a_coroutine_function_is_run_with_its_arguments(executor: Executor, spin: Spinner) -> None:
    """A coroutine function that is made a task gets its arguments, and the task its result."""
    task = executor.create_task(add_async, 1, 2, times=5)
    assert isinstance(task, Task)
    assert run(spin, task) == 15


def test_a_coroutine_is_run(executor: Executor, spin: Spinner) -> None:
    """A coroutine is made a task as it is."""
    coroutine: Any = add_async(1, 2, times=5)  # rclpy's types know only functions that return one
    assert run(spin, executor.create_task(coroutine)) == 15


@lacks(single_jazzy="runs the newest task first")
def test_tasks_start_in_order(executor: Executor, spin: Spinner) -> None:
    """Tasks start in the order in which they were made."""
    order: list[int] = []
    tasks = [executor.create_task(order.append, number) for number in range(100)]
    for task in tasks:
        spin.complete(task)
    assert order == list(range(100))


def test_every_task_runs_once(executor: Executor, spin: Spinner) -> None:
    """Of a thousand tasks each runs, and none twice."""
    ran: list[int] = []
    tasks = [executor.create_task(ran.append, number) for number in range(1000)]
    for task in tasks:
        spin.complete(task)
    assert sorted(ran) == list(range(1000))


def test_spin_once_runs_one_step(executor: Executor, spin: Spinner) -> None:
    """Each spin_once takes at most one step of one task, and all steps are taken."""
    steps: list[str] = []

    async def walk(name: str) -> None:
        for _ in range(3):
            steps.append(name)
            await Turn()

    tasks = [executor.create_task(walk, name) for name in ("left", "right")]
    taken = 0
    while not all(task.done() for task in tasks):
        executor.spin_once(timeout_sec=0)
        assert len(steps) <= taken + 1
        taken = len(steps)
    assert sorted(steps) == ["left"] * 3 + ["right"] * 3


def test_tasks_that_are_always_ready_take_turns(executor: Executor, spin: Spinner) -> None:
    """With spin_once, too, one that never rests does not keep another one from its steps."""
    steps: list[str] = []

    async def busy(name: str, count: int) -> None:
        for _ in range(count):
            steps.append(name)
            await asyncio.sleep(0)

    for name in "ab":
        executor.create_task(busy, name, 30)
    while len(steps) < 20:
        executor.wake()  # SingleThreadedExecutor looks at them again only when it is woken
        executor.spin_once(timeout_sec=spin.deadline_sec)
    assert abs(steps[:20].count("a") - 10) <= 1


def test_a_task_makes_a_task(executor: Executor, spin: Spinner) -> None:
    """A task that is made while another one runs is run too."""

    async def outer() -> Any:
        return await executor.create_task(add_async, 3, 4)

    assert run(spin, executor.create_task(outer)) == 7


def test_a_callback_makes_a_task(executor: Executor, node: Node, spin: Spinner) -> None:
    """A task that a callback makes is run by the same spin."""
    done = new_future(executor)

    def callback(message: Int64) -> None:
        executor.create_task(done.set_result, message.data)

    node.create_subscription(Int64, "topic", callback, 10)
    node.create_publisher(Int64, "topic", 10).publish(Int64(data=6))
    assert spin.complete(done) == 6


def test_a_task_from_another_thread_runs(executor: Executor, spin: Spinner) -> None:
    """create_task is safe from any thread, and wakes the executor."""
    ran_in = new_future(executor)

    def work() -> None:
        executor.create_task(lambda: ran_in.set_result(threading.get_ident()))

    thread = threading.Thread(target=work)
    executor.create_task(thread.start)
    assert spin.complete(ran_in) == threading.get_ident()
    thread.join()


def test_a_task_waits_for_a_message(executor: Executor, node: Node, spin: Spinner) -> None:
    """A task goes on when a callback completes the future that it awaits."""
    arrived = new_future(executor)
    node.create_subscription(Int64, "topic", arrived.set_result, 10)
    publisher = node.create_publisher(Int64, "topic", 10)

    async def converse() -> Any:
        publisher.publish(Int64(data=5))
        return (await arrived).data

    assert spin.complete(executor.create_task(converse)) == 5


def test_several_tasks_await_one_future(executor: Executor, spin: Spinner) -> None:
    """All tasks that await a future get its result."""
    future = new_future(executor)

    async def wait() -> Any:
        return await future

    tasks = [executor.create_task(wait) for _ in range(3)]
    spin.drain()
    executor.create_task(future.set_result, 2)
    assert [run(spin, task) for task in tasks] == [2, 2, 2]


@breaks(
    single="looks at a waiting task again only when an entity is ready",
    events="looks at a waiting task again only when an entity is ready",
)
def test_a_task_awaits_a_future_of_another_thread(executor: Executor, spin: Spinner) -> None:
    """A future that another thread completes wakes the task that awaits it, with no more help."""
    future = new_future(executor)

    async def wait() -> Any:
        return await future

    task = executor.create_task(wait)
    spin.drain()
    thread = threading.Thread(target=future.set_result, args=(9,))
    executor.create_task(thread.start)
    assert spin.complete(task) == 9
    thread.join()


def test_an_exception_of_a_future_reaches_the_task(executor: Executor, spin: Spinner) -> None:
    """A task that awaits a failed future may handle the exception."""
    future = new_future(executor)
    future.set_exception(LookupError("nothing there"))

    async def wait() -> Any:
        try:
            await future
        except LookupError as error:
            return len(str(error))
        return -1

    assert run(spin, executor.create_task(wait)) == 13


def test_a_cancelled_task_stops(executor: Executor, spin: Spinner, flavour: Flavour) -> None:
    """A cancelled task leaves its await, runs its cleanup, and counts as cancelled.

    design: asyncio's view. The coroutine gets CancelledError, a cancelled task is done, and
    waiting for it is over. rclpy closes the coroutine, and its cancelled task is never done.
    """
    left: list[type[BaseException]] = []

    async def wait() -> None:
        try:
            await new_future(executor)
        except BaseException as reason:
            left.append(type(reason))
            raise

    task = executor.create_task(wait)
    spin.drain()
    task.cancel()
    executor.spin_until_future_complete(task, timeout_sec=spin.deadline_sec)
    assert task.cancelled()
    assert task.done() is flavour.ours
    spin.drain()
    assert left == [asyncio.CancelledError if flavour.ours else GeneratorExit]


def test_a_task_cancelled_before_it_starts_does_not_run(executor: Executor, spin: Spinner) -> None:
    """A task that is cancelled in time never calls its function."""
    ran: list[str] = []
    task = executor.create_task(ran.append, "cancelled")
    task.cancel()
    spin.complete(executor.create_task(ran.append, "other"))
    spin.drain()
    assert ran == ["other"]
    assert task.cancelled()


def test_a_done_task_cannot_be_cancelled(executor: Executor, spin: Spinner) -> None:
    """Cancelling a task that is done changes nothing."""
    task = executor.create_task(add, 1, 1)
    spin.complete(task)
    task.cancel()
    assert not task.cancelled()
    assert task.result() == 2


@pytest.mark.parametrize("start", ["function", "coroutine"])
def test_a_task_knows_that_it_runs(executor: Executor, spin: Spinner, start: str) -> None:
    """executing() holds inside the task, and neither before nor after."""
    seen: list[bool] = []
    tasks: list[Task[None]] = []

    def look() -> None:
        seen.append(tasks[0].executing())

    async def look_async() -> None:
        look()

    tasks.append(executor.create_task(look if start == "function" else look_async))
    look()
    run(spin, tasks[0])
    look()
    assert seen == [False, True, False]
