# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How aiorcl.run ends what is left: on the loop, of the nodes, and of several coroutines.

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor

Run = Callable[..., Any]


class Driver(Node):
    """Leaves a task, an async generator and a thread on the loop, which end by publishing."""

    ended: list[str] = []  # noqa: RUF012  # of the class: run makes the object

    def __init__(self) -> None:
        super().__init__("driver", start_parameter_services=False)
        self._publisher = self.create_publisher(Int64, "speed", 10)
        self._timer = self.create_timer(0.0, self._begin)  # type: ignore[arg-type]

    async def _begin(self) -> None:
        self._timer.cancel()
        self._task = asyncio.get_running_loop().create_task(self._drive())
        self._generator = self._speeds()
        await anext(self._generator)
        ends = threading.Event()
        asyncio.get_running_loop().run_in_executor(None, self._wait, ends)
        await asyncio.sleep(0)
        self._ends = ends
        assert self.executor is not None
        self.executor.shutdown()

    def _stop(self, who: str) -> None:
        self._publisher.publish(Int64())
        self.ended.append(who)

    async def _drive(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self._stop("task")

    async def _speeds(self) -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            self._stop("generator")
            self._ends.set()

    def _wait(self, ends: threading.Event) -> None:
        ends.wait()
        self._stop("thread")

    def destroy_node(self) -> None:
        self.ended.append("node")
        super().destroy_node()


async def driver(executor: AsyncioExecutor) -> None:
    """Run one until it shuts the executor down."""
    executor.add_node(Driver())
    await executor.wait_for_shutdown()


@pytest.mark.parametrize("main", [Driver, driver])
def test_nodes_outlive_what_is_left_on_the_loop(run: Run, main: Any) -> None:
    """Whatever they have begun there may publish a last message."""
    Driver.ended.clear()
    run(main)
    assert Driver.ended == ["task", "generator", "thread", "node"]


def test_a_shutdown_ends_several(run: Run) -> None:
    """Of the executor, by one of their callbacks: as for one node nothing is raised."""
    ended: list[bool] = []

    async def wait(executor: AsyncioExecutor) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def shut_down(executor: AsyncioExecutor) -> None:
        executor.shutdown()

    assert run([lambda: Node("quiet"), wait, wait, shut_down]) is None
    assert ended == [True, True]


def test_a_cancellation_of_its_own_is_raised(run: Run) -> None:
    """As asyncio.run does."""

    async def cancel(executor: AsyncioExecutor) -> None:
        raise asyncio.CancelledError

    for main in (cancel, [cancel, cancel]):
        with pytest.raises(asyncio.CancelledError):
            run(main)
