# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The executors that are compared, and how each one is run.

Nothing of an executor is imported before it is run: a measured process must hold no other.
"""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .measurement import Measurement
    from .nodes import MeasuredNode, TaskExecutor
    from .workloads import Way

    Run = Callable[[MeasuredNode, Any, Way], None]

    class Work(Protocol):
        """What an executor begins before it spins: a measurement, or a soak."""

        def begin(self, executor: TaskExecutor) -> None: ...


@dataclass(frozen=True, slots=True)
class ExecutorRow:
    """An executor: the modules it needs, and what runs a node on it until the context goes down."""

    name: str
    title: str
    needs: tuple[str, ...]
    run: Run

    def missing(self) -> list[str]:
        """Name the modules that are not installed here."""
        return [module for module in self.needs if not installed(module)]


def installed(module: str) -> bool:
    """Whether a module could be imported here."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of its package
        return False


def run_single(node: MeasuredNode, work: Work, way: Way) -> None:
    """Run SingleThreadedExecutor."""
    from rclpy.executors import SingleThreadedExecutor

    _spin_rclpy(SingleThreadedExecutor(), node, work, way)


def run_multi(node: MeasuredNode, work: Work, way: Way) -> None:
    """Run MultiThreadedExecutor with its default number of threads."""
    from rclpy.executors import MultiThreadedExecutor

    _spin_rclpy(MultiThreadedExecutor(), node, work, way)


def run_events(node: MeasuredNode, work: Work, way: Way) -> None:
    """Run EventsExecutor, always with a finite timeout: without one it can spin on the CPU."""
    from rclpy.experimental.events_executor import EventsExecutor
    from rclpy.task import Future

    executor = EventsExecutor()
    executor.add_node(node)
    work.begin(executor)
    if way != "spin":
        while node.context.ok():
            executor.spin_once(timeout_sec=60.0)
    else:
        never: Future[None] = Future()
        executor.spin_until_future_complete(never, timeout_sec=3600.0)


def run_asyncio_own(node: MeasuredNode, work: Work, way: Way) -> None:
    """Run AsyncioExecutor on the loop that it makes itself."""
    from aiorcl import AsyncioExecutor

    _spin(AsyncioExecutor(), node, work, way)


def run_asyncio_stock(node: MeasuredNode, work: Work, way: Way) -> None:
    """Run AsyncioExecutor on asyncio's own loop."""
    import asyncio

    _run_on_loop(asyncio.new_event_loop, node, work, way)


def run_asyncio_uvloop(node: MeasuredNode, work: Work, way: Way) -> None:
    """Run AsyncioExecutor on uvloop."""
    import uvloop

    _run_on_loop(uvloop.new_event_loop, node, work, way)


def run_floor(node: MeasuredNode, work: Measurement, way: Way) -> None:
    """Run rcl alone, from C++."""
    from .floor import Floor

    floor = Floor(node)
    work.begin_floor(floor)
    floor.run()


def _spin_rclpy(executor: Any, node: MeasuredNode, work: Work, way: Way) -> None:
    from rclpy.exceptions import InvalidHandle

    # Their shutdown waits for callbacks, but not for a take that is about to begin, which then
    # misses its subscription.
    with contextlib.suppress(InvalidHandle):
        _spin(executor, node, work, way)


def _spin(executor: Any, node: MeasuredNode, work: Work, way: Way) -> None:
    if way == "rclpy.spin":
        import rclpy

        work.begin(executor)
        rclpy.spin(node, executor)
    elif way == "rclpy.spin_once":
        import rclpy

        work.begin(executor)
        while node.context.ok():
            rclpy.spin_once(node, executor=executor, timeout_sec=60.0)
    else:
        executor.add_node(node)
        work.begin(executor)
        executor.spin()


def _run_on_loop(loop_factory: Callable[[], Any], node: MeasuredNode, work: Work, way: Way) -> None:
    import asyncio

    from aiorcl import AsyncioExecutor

    async def main() -> None:
        async with AsyncioExecutor() as executor:
            executor.add_node(node)
            work.begin(executor)
            await executor.wait_for_shutdown()

    if way != "spin":
        _spin(AsyncioExecutor(loop=loop_factory()), node, work, way)
    else:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main())


EXECUTORS = {
    row.name: row
    for row in (
        ExecutorRow(
            "asyncio-own",
            "AsyncioExecutor.spin(), on the loop that it makes itself",
            ("aiorcl",),
            run_asyncio_own,
        ),
        ExecutorRow(
            "asyncio-stock", "AsyncioExecutor on asyncio's own loop", ("aiorcl",), run_asyncio_stock
        ),
        ExecutorRow(
            "asyncio-uvloop", "AsyncioExecutor on uvloop", ("aiorcl", "uvloop"), run_asyncio_uvloop
        ),
        ExecutorRow(
            "events", "EventsExecutor", ("rclpy.experimental.events_executor",), run_events
        ),
        ExecutorRow("single", "SingleThreadedExecutor", (), run_single),
        ExecutorRow("multi", "MultiThreadedExecutor", (), run_multi),
        ExecutorRow("floor", "rcl alone, from C++, on the same entities", (), run_floor),
    )
}
