# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A callback in a worker that goes on until its executor has ended, which waits for it.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.threads import a_message

if TYPE_CHECKING:
    from tests.support.makers import Run

DEADLINE_SEC = 10.0

Work = Callable[[AsyncioExecutor], None]


def give_to_the_loop(executor: AsyncioExecutor) -> None:
    """Wait for what nobody brings, in a coroutine; and once more, as the first was cancelled."""
    for _ in range(2):
        with pytest.raises(CancelledError):
            asyncio.run_coroutine_threadsafe(asyncio.Event().wait(), executor.loop).result()


def end_by_its_cancellation(executor: AsyncioExecutor) -> None:
    """Wait for what nobody brings; nobody hears of the exception, which says only that all ends."""
    asyncio.run_coroutine_threadsafe(asyncio.Event().wait(), executor.loop).result()


def work_while_ros_is_up(executor: AsyncioExecutor) -> None:
    """As programs that were written for MultiThreadedExecutor do."""
    while executor.context.ok():
        pass


WORKS = [give_to_the_loop, end_by_its_cancellation, work_while_ros_is_up]


class Worker:
    """Does one piece of work in a worker of an executor."""

    def __init__(self, executor: AsyncioExecutor, node: Node, work: Work) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()
        self._executor = executor
        self._work = work
        executor.add_node(node)
        a_message(node, ThreadCallbackGroup(1), self._callback)

    def _callback(self, _: Int64) -> None:
        self.begun.set()
        try:
            self._work(self._executor)
        finally:
            self.ended.set()


@pytest.mark.parametrize("work", WORKS)
def test_the_end_of_a_spin(context: Context, lone: Node, work: Work) -> None:
    """Another thread's shutdown() waits until it has ended; ROS is up for all others."""
    executor = AsyncioExecutor(context=context)
    worker = Worker(executor, lone, work)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    assert worker.begun.wait(DEADLINE_SEC)
    assert context.ok()
    assert executor.shutdown(timeout_sec=DEADLINE_SEC)
    assert worker.ended.is_set()
    thread.join()
    assert context.ok()


@pytest.mark.parametrize("work", WORKS)
def test_the_end_of_a_block(run: Run, context: Context, lone: Node, work: Work) -> None:
    """Coroutines come to their ends before it is told, and use ROS."""
    order: list[str] = []

    async def clean_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            order.append(f"coroutine, {context.ok()}")

    def then_note(executor: AsyncioExecutor) -> None:
        work(executor)
        order.append("worker")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(clean_up)
            worker = Worker(executor, lone, then_note)
            await asyncio.to_thread(worker.begun.wait)

    run(main)
    assert order[0] == "coroutine, True"
    assert order[1:] == (["worker"] if work is not end_by_its_cancellation else [])


def test_a_future_that_no_loop_completes_is_left_alone(
    run: Run, context: Context, lone: Node
) -> None:
    """Whoever has promised it completes it, and the end waits."""
    results: list[int] = []

    async def main() -> None:
        with ThreadPoolExecutor(1) as pool:
            may_end = threading.Event()
            promised: Future[bool] = pool.submit(may_end.wait)
            behind: Future[int] = pool.submit(int, "7")
            async with AsyncioExecutor(context=context) as executor:
                loop = asyncio.get_running_loop()
                worker = Worker(executor, lone, lambda _: results.append(behind.result()))
                await asyncio.to_thread(worker.begun.wait)
                loop.call_later(0.2, may_end.set)  # while the end looks again and again
            assert promised.result()

    run(main)
    assert results == [7]
