# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Signals that come while threads work, or when all ends anyway.

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
from collections.abc import Callable

import pytest
import rclpy
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

import aiorcl
from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from aiorcl._loop.shutdown_state import shutdown_state_of
from aiorcl._program import run as run_module
from tests.support import network

from .conftest import Run


class Works(Node):
    """A node whose timer's callback runs in a worker, once."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__("works", start_parameter_services=False)
        self.begun, self.destroyed = threading.Event(), False
        self._work = work
        self.timer = self.create_timer(0.0, self.tick, callback_group=ThreadCallbackGroup(1))

    def tick(self) -> None:
        """Do it."""
        self.timer.cancel()
        self.begun.set()
        self._work()

    def destroy_node(self) -> None:
        """Note whether ROS is up."""
        self.destroyed = rclpy.ok()
        super().destroy_node()


@pytest.mark.parametrize("where", ["worker", "to_thread"])
def test_threads_that_work_while_ros_is_up_end_by_one_signal(run: Run, where: str) -> None:
    """The nodes are destroyed while it is."""
    ended: list[str] = []

    def work() -> None:
        begun.set()
        while rclpy.ok():
            pass
        Node("report", start_parameter_services=False).destroy_node()  # to rclpy itself it is up
        other = Context()
        other.init(domain_id=network.domain_id())
        assert other.ok()
        other.shutdown()
        ended.append(where)

    begun = threading.Event()
    nodes: list[Works] = []

    async def main(executor: AsyncioExecutor) -> None:
        nodes.append(Works(work if where == "worker" else int))
        executor.add_node(nodes[0])
        waiting = asyncio.create_task(asyncio.to_thread(work if where != "worker" else int))
        await asyncio.to_thread(begun.wait)
        signal.raise_signal(signal.SIGINT)
        await waiting
        await asyncio.Event().wait()

    assert run(main) is None
    assert ended == [where]
    assert nodes[0].destroyed


@pytest.mark.parametrize("wait", ["spin", "sleep"])
def test_threads_in_which_rclpy_waits_end_by_one_signal(
    run: Run, monkeypatch: pytest.MonkeyPatch, wait: str
) -> None:
    """It hears of the end of ROS only, which comes when nothing else is left."""
    monkeypatch.setattr(run_module, "_LAST_WORDS_SEC", 0.1)
    begun = threading.Event()

    def work() -> None:
        node = Node("second", start_parameter_services=False)
        begun.set()
        if wait == "sleep":
            node.get_clock().sleep_for(Duration(seconds=3600))
            return
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        with contextlib.suppress(ExternalShutdownException):
            executor.spin()

    async def main(executor: AsyncioExecutor) -> None:
        waiting = asyncio.create_task(asyncio.to_thread(work))
        await asyncio.to_thread(begun.wait)
        signal.raise_signal(signal.SIGINT)
        await waiting

    assert run(main) is None


def test_last_words_beside_a_worker(run: Run) -> None:
    """A task that cleans up is waited for, too: to its thread ROS is up."""
    may_end = threading.Event()
    answers: list[bool] = []
    left: list[asyncio.Task[None]] = []

    async def clean_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            while not workers_hold_up():  # noqa: ASYNC110
                await asyncio.sleep(0)
            answers.append(await asyncio.to_thread(rclpy.ok))
            may_end.set()

    def workers_hold_up() -> bool:
        state = shutdown_state_of(executors[0])
        return state is not None and state.only_workers_left

    executors: list[AsyncioExecutor] = []

    async def main(executor: AsyncioExecutor) -> None:
        executors.append(executor)
        node = Works(may_end.wait)
        executor.add_node(node)
        left.append(asyncio.create_task(clean_up()))
        await asyncio.to_thread(node.begun.wait)
        left[0].cancel()

    run(main)
    assert answers == [True]


def test_threads_of_others_are_told_nothing(run: Run) -> None:
    """A context that was given stays up, and so it is to whoever uses it."""
    context = Context()
    context.init(domain_id=network.domain_id())
    ends, asked = threading.Event(), threading.Event()
    answers: list[bool] = []

    def ask() -> None:
        ends.wait()
        answers.extend(context.ok() for _ in range(1000))
        asked.set()

    stranger = threading.Thread(target=ask)
    stranger.start()

    def hold_up() -> None:
        ends.set()
        asked.wait()

    async def main(executor: AsyncioExecutor) -> None:
        asyncio.get_running_loop().run_in_executor(None, hold_up)

    aiorcl.run(main, context=context)
    stranger.join()
    assert all(answers)
    context.shutdown()


def test_the_second_signal_waits_for_no_worker(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """The node is destroyed, and nothing complains, while its callback still runs."""
    may_end = threading.Event()
    nodes: list[Works] = []

    async def clean_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            signal.raise_signal(signal.SIGTERM)

    async def main(executor: AsyncioExecutor) -> None:
        nodes.append(Works(may_end.wait))
        executor.add_node(nodes[0])
        executor.create_task(clean_up)
        await asyncio.to_thread(nodes[0].begun.wait)
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        run(main)
    assert nodes[0].destroyed
    gc.collect()
    assert caplog.records == []
    may_end.set()


def test_a_signal_takes_no_result_away(run: Run) -> None:
    """It comes when main has returned, and what it has left ends."""

    async def clean_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)

    async def main(executor: AsyncioExecutor) -> int:
        executor.create_task(clean_up)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return 7

    assert run(main) == 7


class RaisesInFinalizer:
    """Gets a signal where nobody hears of an exception."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_in_a_finalizer_is_not_lost(run: Run) -> None:
    """While nodes are made: Python drops what it raises there."""

    def make() -> Node:
        RaisesInFinalizer()
        return Node("made", start_parameter_services=False)

    async def main() -> None:
        await asyncio.Event().wait()

    assert run([make, main]) is None
