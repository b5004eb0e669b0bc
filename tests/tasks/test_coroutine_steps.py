# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A coroutine that was cancelled cleans up, and no end interrupts that.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.turns import Turn, turns

if TYPE_CHECKING:
    from tests.support.makers import Run


class Stops:
    """A coroutine that takes its time to clean up.

    :ivar cancel: asyncio's own method.
    """

    cancel: Callable[[], object]

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.begun = asyncio.Event()

    async def run(self) -> None:
        """Wait to be cancelled."""
        self.begun.set()
        task = asyncio.current_task()
        assert task is not None
        self.cancel = task.cancel
        try:
            await asyncio.Event().wait()
        finally:
            self.steps.append("stopping")
            await turns()
            self.steps.append("stopped")


@pytest.mark.parametrize("by_asyncio", [False, True])
@pytest.mark.parametrize("is_cleaning_up", [False, True])
def test_a_block_does_not_interrupt_what_a_user_has_begun(
    run: Run, context: Context, *, is_cleaning_up: bool, by_asyncio: bool
) -> None:
    """The block waits until a task has ended that the user has cancelled."""

    async def main() -> None:
        stops = Stops()
        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(stops.run)
            await stops.begun.wait()
            (stops.cancel if by_asyncio else task.cancel)()
            while is_cleaning_up and not stops.steps:
                await Turn()
        assert stops.steps == ["stopping", "stopped"]

    run(main)


@pytest.mark.parametrize("turns_between", [0, 3])
def test_a_shutdown_does_not_interrupt_it(context: Context, turns_between: int) -> None:
    """The same for an executor that spins."""
    stops = Stops()
    executor = AsyncioExecutor(context=context)
    task = executor.create_task(stops.run)
    while not stops.begun.is_set():
        executor.spin_once(timeout_sec=0)
    task.cancel()
    for _ in range(turns_between):
        executor.spin_once(timeout_sec=0)
    assert bool(stops.steps) is (turns_between > 0)
    assert executor.shutdown()
    assert stops.steps == ["stopping", "stopped"]


def test_nor_what_a_callback_has_begun_itself(run: Run, context: Context, lone: Node) -> None:
    """By a line of its own, which asyncio alone hears of."""
    stops = Stops()

    async def main() -> None:
        stopping = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            asyncio.get_running_loop().call_soon(stopping.set)
            asyncio.current_task().cancel()
            await stops.run()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await stopping.wait()
        assert stops.steps == ["stopping", "stopped"]

    run(main)


def test_who_has_taken_it_back_is_cancelled(run: Run, context: Context) -> None:
    """A coroutine that goes on after a cancellation, and says so, is ended like any other."""
    steps: list[str] = []

    async def main() -> None:
        begun, heard = asyncio.Event(), asyncio.Event()

        async def goes_on() -> None:
            task = asyncio.current_task()
            assert task is not None
            begun.set()
            while len(steps) < 2:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    task.uncancel()
                    steps.append("cancelled")
                    heard.set()

        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(goes_on)
            await begun.wait()
            task.cancel()
            await heard.wait()
        assert steps == ["cancelled"] * 2

    run(main)


@pytest.mark.parametrize("says_so", [False, True])
def test_who_goes_on_is_ended_after_a_while(
    run: Run, context: Context, monkeypatch: pytest.MonkeyPatch, *, says_so: bool
) -> None:
    """Also one that says so when the end has begun; ``wait_for()`` of Python 3.11 does neither."""
    monkeypatch.setattr("aiorcl._tasks.coroutine_steps._CLEANUP_SEC", 0.01)
    cancelled: list[str] = []

    async def main() -> None:
        heard, leaves = asyncio.Event(), asyncio.Event()

        async def goes_on() -> None:
            task = asyncio.current_task()
            assert task is not None
            try:
                heard.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await leaves.wait()
                await turns()
                if says_so:
                    task.uncancel()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append("by the end")

        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(goes_on)
            await heard.wait()
            task.cancel()
            leaves.set()
        assert cancelled == ["by the end"]

    run(main)
