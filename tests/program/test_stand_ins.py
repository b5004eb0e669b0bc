# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What stands in for rclpy's executors, where it differs from an AsyncioExecutor of the user's own.

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
import rclpy.executors
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl._program import stand_ins
from tests.support.threads import answer

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 20.0


@pytest.fixture
def executor(context: Context) -> Iterator[stand_ins.MultiThreadedExecutor]:
    """One with three threads, which is shut down with the test."""
    executor = stand_ins.MultiThreadedExecutor(3, context=context)
    yield executor
    executor.shutdown(timeout_sec=DEADLINE_SEC)


def test_functions_run_in_threads(executor: stand_ins.MultiThreadedExecutor) -> None:
    """Those of create_task, and done callbacks; coroutines run on the thread that spins."""
    done: Any = Future(executor=executor)
    threads: dict[str, threading.Thread] = {}

    def note(what: str) -> str:
        threads[what] = threading.current_thread()
        return what

    async def coroutine() -> None:
        note("coroutine")

    def in_the_end(task: Future[Any]) -> None:
        note("done callback")
        done.set_result(task.result())

    executor.create_task(coroutine)
    task = executor.create_task(note, "function")
    task.add_done_callback(in_the_end)
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.result() == "function"
    main = threading.main_thread()
    assert {what for what, thread in threads.items() if thread is not main} == {
        "function",
        "done callback",
    }
    assert threads["coroutine"] is main


def test_no_more_threads_than_that(executor: stand_ins.MultiThreadedExecutor) -> None:
    """As many as were asked for, and not one more."""
    running, most, calls = 0, 0, 0
    lock, full = threading.Lock(), threading.Barrier(3)
    done: Any = Future()

    def call() -> None:
        nonlocal running, most, calls
        with lock:
            running += 1
            most = max(most, running)
        full.wait(DEADLINE_SEC)  # three at a time, or for ever
        with lock:
            running -= 1
            calls += 1
            if calls == 12:
                done.set_result(None)

    for _ in range(12):
        executor.create_task(call)
    executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
    assert done.done()
    assert most == 3


@pytest.mark.parametrize(
    "cls",
    [rclpy.executors.MultiThreadedExecutor, stand_ins.MultiThreadedExecutor],
    ids=["rclpy", "stand-in"],
)
def test_what_no_thread_is_free_for_stays_in_the_middleware(
    context: Context, make_node: MakeNode, cls: Any
) -> None:
    """So what comes while all threads block is lost beyond the depth of the queue."""
    executor, node = cls(3, context=context), make_node()
    blocked, go_on = threading.Barrier(4), threading.Event()
    came: list[int] = []
    done: Any = Future()

    def listen(message: Int64) -> None:
        if message.data < 3:
            blocked.wait(DEADLINE_SEC)
            go_on.wait(DEADLINE_SEC)
        came.append(message.data)
        if message.data == 22:
            done.set_result(None)

    group = ReentrantCallbackGroup()
    node.create_subscription(Int64, "topic", listen, 5, callback_group=group)
    executor.add_node(node)
    publisher = make_node().create_publisher(Int64, "topic", 50)
    thread = threading.Thread(target=executor.spin_until_future_complete, args=[done])
    thread.start()
    for number in range(3):
        publisher.publish(Int64(data=number))
    blocked.wait(DEADLINE_SEC)
    for number in range(3, 23):
        publisher.publish(Int64(data=number))
    go_on.set()
    thread.join(DEADLINE_SEC)
    executor.shutdown()
    assert sorted(came) == [0, 1, 2, *range(18, 23)]


@pytest.mark.parametrize("way", ["spin", "spin_once", "until", "once_until"])
def test_a_shutdown_of_ros(context: Context, way: str) -> None:
    """rclpy's MultiThreadedExecutor returns where its others raise."""
    executors: list[Any] = [
        cls(context=context)
        for cls in (stand_ins.SingleThreadedExecutor, stand_ins.MultiThreadedExecutor)
    ]
    ways: dict[str, Callable[[Any], None]] = {
        "spin": lambda executor: executor.spin(),
        "spin_once": lambda executor: executor.spin_once(),
        "until": lambda executor: executor.spin_until_future_complete(Future()),
        "once_until": lambda executor: executor.spin_once_until_future_complete(Future()),
    }
    threading.Timer(0.1, context.shutdown).start()
    with pytest.raises(ExternalShutdownException):
        ways[way](executors[0])
    ways[way](executors[1])
    for executor in executors:
        executor.shutdown()


def test_a_response_is_no_callback_that_blocks(
    executor: stand_ins.MultiThreadedExecutor,
    make_node: MakeNode,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whatever keeps the loop meanwhile: nobody could do anything about it there."""
    executor.slow_callback_duration = 0.0
    node = make_node()
    executor.add_node(node)
    node.create_service(Trigger, "ask", answer)
    client = node.create_client(Trigger, "ask")
    future = client.call_async(Trigger.Request())
    executor.spin_until_future_complete(future, timeout_sec=DEADLINE_SEC)
    assert future.done()
    told = capfd.readouterr().err
    assert "Service '/ask' kept the loop" in told
    assert "Client" not in told
    assert "Task" not in told


def test_shutdown_waits_for_threads_or_not(
    executor: stand_ins.MultiThreadedExecutor, make_node: MakeNode
) -> None:
    """As ``wait_for_threads`` says."""
    begins, ends = threading.Event(), threading.Event()
    done: Any = Future()

    def block() -> None:
        begins.set()
        assert ends.wait(DEADLINE_SEC)

    task = executor.create_task(block)
    executor.spin_until_future_complete(done, timeout_sec=0.05)
    assert begins.wait(DEADLINE_SEC)
    assert not executor.shutdown(wait_for_threads=False)
    ends.set()
    assert executor.shutdown()
    assert task.done() or task.cancelled()


@pytest.mark.parametrize("how", ["executor", "ROS"])
@pytest.mark.parametrize(
    "cls",
    [rclpy.executors.SingleThreadedExecutor, stand_ins.SingleThreadedExecutor],
    ids=["rclpy", "stand-in"],
)
def test_a_callback_waits_for_the_thread_that_shuts_down(
    context: Context, make_node: MakeNode, cls: Any, how: str
) -> None:
    """The shutdown does not wait for the callback in turn."""
    executor, node = cls(context=context), make_node()
    executor.add_node(node)
    context.on_shutdown(executor.shutdown)
    threads: list[threading.Thread] = []

    def callback() -> None:
        timer.cancel()
        shutdown = executor.shutdown if how == "executor" else context.shutdown
        threads.append(threading.Thread(target=shutdown, daemon=True))
        threads[0].start()
        threads[0].join(DEADLINE_SEC)

    timer = node.create_timer(0.0, callback)
    with contextlib.suppress(ExternalShutdownException):
        executor.spin()
    assert not threads[0].is_alive()


def test_spin_is_one_run(executor: stand_ins.MultiThreadedExecutor) -> None:
    """Not a spin_once again and again, which costs more: that is for those who have their own."""
    seen: list[bool] = []

    def look() -> None:
        seen.append(executor.is_spinning)
        if len(seen) == 3:
            executor.shutdown()
        else:
            executor.create_task(look)

    executor.create_task(look)
    with mock.patch.object(executor._spinning, "once") as spin_once:
        executor.spin()
    assert seen == [True] * 3
    spin_once.assert_not_called()


def test_a_single_thread_is_told_of(context: Context) -> None:
    """As by rclpy; and none is refused."""
    with pytest.warns(UserWarning, match="used with a single thread"):
        stand_ins.MultiThreadedExecutor(1, context=context).shutdown()
    with pytest.raises(ValueError, match="greater than 0"):
        stand_ins.MultiThreadedExecutor(0, context=context)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        executor = stand_ins.MultiThreadedExecutor(context=context)
    executor.shutdown()


@pytest.mark.parametrize("cls", [stand_ins.SingleThreadedExecutor, stand_ins.MultiThreadedExecutor])
def test_one_that_is_dropped_is_collected(context: Context, lone: Node, cls: Any) -> None:
    """With its loop and threads, though it was spun."""
    executor = cls(context=context)
    executor.add_node(lone)
    executor.spin_until_future_complete(executor.create_task(lambda: None), DEADLINE_SEC)
    dropped, loop = weakref.ref(executor), executor.loop
    del executor
    gc.collect()
    assert dropped() is None
    assert loop.is_closed()


def test_each_has_a_loop_of_its_own(context: Context) -> None:
    """Also where it is asked for it while another loop runs; and is shut down there, too."""

    async def main() -> None:
        executor = stand_ins.SingleThreadedExecutor(context=context)
        loop = executor.loop
        assert loop is not asyncio.get_running_loop()
        assert executor.shutdown()
        assert loop.is_closed()
        await asyncio.sleep(0)

    asyncio.run(main())
