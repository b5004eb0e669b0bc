# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A callback in a worker that goes on until its executor has ended, which waits for it.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from aiorcl._tasks import worker_call
from tests.support.threads import a_message

if TYPE_CHECKING:
    from typing import Self

    from tests.support.makers import Run

DEADLINE_SEC = 10.0

Work = Callable[[AsyncioExecutor], None]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker waits for gets no second to end by itself."""
    monkeypatch.setattr(worker_call, "_PATIENCE_SEC", 0.0)


def clean_up_on_the_loop(executor: AsyncioExecutor) -> None:
    """Wait for what nobody brings, and then for its cleanup and one's own."""
    steps: list[str] = []

    async def drive() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.2)  # longer than the end waits before it looks again
            steps.append("stopped")

    async def report() -> None:
        await asyncio.sleep(0.2)
        steps.append("reported")

    with pytest.raises(CancelledError):
        asyncio.run_coroutine_threadsafe(drive(), executor.loop).result()
    asyncio.run_coroutine_threadsafe(report(), executor.loop).result()
    assert steps == ["stopped", "reported"]


def wait_again_and_again(executor: AsyncioExecutor) -> None:
    """Go on after the cancellation, which is an ordinary exception here."""
    for _ in range(3):
        with pytest.raises(CancelledError):
            asyncio.run_coroutine_threadsafe(asyncio.Event().wait(), executor.loop).result()


def end_by_its_cancellation(executor: AsyncioExecutor) -> None:
    """Wait for what nobody brings; nobody hears of the exception, which says only that all ends."""
    asyncio.run_coroutine_threadsafe(asyncio.Event().wait(), executor.loop).result()


WORKS = [clean_up_on_the_loop, wait_again_and_again, end_by_its_cancellation]


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


@pytest.fixture
def work(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Work:
    """What the worker does; each wait is cancelled soon, but in a cleanup."""
    if request.param is not clean_up_on_the_loop:
        monkeypatch.setattr(worker_call, "_CLEANUP_SEC", 0.0)
    chosen: Work = request.param
    return chosen


@pytest.mark.parametrize("work", WORKS, indirect=True)
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


@pytest.mark.parametrize("work", WORKS, indirect=True)
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


def test_what_others_complete_goes_on(run: Run, context: Context, lone: Node) -> None:
    """A job of a pool that a loop waits for, too, and a coroutine of another loop."""
    results: list[object] = []
    with Runner() as other, ThreadPoolExecutor(1) as pool:
        may_end = threading.Event()
        pool.submit(may_end.wait)
        jobs: list[Future[Any]] = [
            pool.submit(int, "7"),
            asyncio.run_coroutine_threadsafe(asyncio.to_thread(may_end.wait), other.loop),
        ]

        jobs[0].add_done_callback({}.__eq__)  # which has no module

        async def main() -> None:
            watcher = asyncio.wrap_future(jobs[0])
            async with AsyncioExecutor(context=context) as executor:
                loop = asyncio.get_running_loop()
                worker = Worker(
                    executor, lone, lambda _: results.extend(job.result() for job in jobs)
                )
                await asyncio.to_thread(worker.begun.wait)
                loop.call_later(0.2, may_end.set)  # while the end looks again and again
            assert await watcher == 7

        run(main)
    assert results == [7, True]


def test_what_a_pool_has_cancelled_is_told(run: Run, context: Context, lone: Node) -> None:
    """It has nothing to do with the end during which it comes."""
    may_ask = threading.Event()
    job: Future[None] = Future()
    job.cancel()

    def work(_: AsyncioExecutor) -> None:
        may_ask.wait(DEADLINE_SEC)
        job.result()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            worker = Worker(executor, lone, work)
            await asyncio.to_thread(worker.begun.wait)
            asyncio.get_running_loop().call_later(0.1, may_ask.set)

    with pytest.raises(CancelledError):
        run(main)


class Runner:
    """A loop that another thread runs."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
