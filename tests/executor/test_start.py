# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# start() and stop(): what async with does, without a block.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.raising import WrongError
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run


def test_nodes_are_served_from_start_to_stop(run: Run, context: Context, lone: Node) -> None:
    """In tasks that come and go, as the hooks of a framework; nothing is left behind."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        executor.add_node(lone)
        await asyncio.create_task(executor.start())
        spins = [executor.is_spinning]
        called = asyncio.Event()
        lone.create_timer(0.001, called.set)
        await called.wait()
        await asyncio.create_task(executor.stop())
        spins.append(executor.is_spinning)
        assert spins == [True, False]
        assert executor.get_nodes() == []

    run(main)


def test_stop_waits_for_what_is_under_way(run: Run, context: Context) -> None:
    """Also a second one, and also if the one who stops is cancelled meanwhile."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        await executor.start()
        begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await may_end.wait()
                ended.set()

        executor.create_task(work)
        await begun.wait()
        stops = [asyncio.create_task(executor.stop()) for _ in range(2)]
        await turns()
        stops[0].cancel()
        await turns()
        assert not any(stop.done() for stop in stops)
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await stops[0]
        await stops[1]
        assert ended.is_set()
        await executor.stop()  # once more does nothing

    run(main)


def test_what_comes_at_the_end_is_raised_by_stop(run: Run, context: Context) -> None:
    """An exception of the cleanup."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        await executor.start()
        begun = asyncio.Event()

        async def work() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                raise WrongError("on purpose")

        executor.create_task(work)
        await begun.wait()
        with pytest.raises(WrongError, match="on purpose"):
            await executor.stop()

    run(main)


def test_a_coroutine_of_the_executor_may_stop_it(run: Run, context: Context) -> None:
    """As it may leave the block: it goes on, and is not cancelled."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        await executor.start()
        stopped = asyncio.Event()

        async def leave() -> None:
            await executor.stop()
            stopped.set()

        executor.create_task(leave)
        await stopped.wait()

    run(main)


def test_wrong_orders_are_refused(run: Run, context: Context) -> None:
    """Each says what is wrong, and harms nothing."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        with pytest.raises(RuntimeError, match="was not started"):
            await executor.stop()
        await executor.start()
        with pytest.raises(RuntimeError, match="already"):
            await executor.start()
        with pytest.raises(RuntimeError, match="already"):
            async with executor:
                pass
        assert await executor.create_task(max, 1, 2) == 2
        await executor.stop()
        with pytest.raises(RuntimeError, match="was shut down"):
            await executor.start()

    run(main)
