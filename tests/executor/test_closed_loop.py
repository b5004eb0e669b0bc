# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The loop was closed while an executor's block was open, or its coroutines were under way.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor

#: asyncio says of a loop what was left on it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Slow:
    """A coroutine that does not end by itself."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        """Run until it is ended."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


def elsewhere(call: Callable[[], object]) -> None:
    """Call it on another thread."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    assert results


@pytest.mark.parametrize("thread", ["same", "other"])
def test_shutdown_after_the_loop_was_closed_under_the_block(
    context: Context,
    lone: Node,
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    thread: str,
) -> None:
    """It ends what was under way, and lets go; the executor runs no more."""
    slow, loop = Slow(), loop_factory()
    executor = AsyncioExecutor(context=context)

    async def enter() -> None:
        await executor.__aenter__()
        executor.add_node(lone)
        executor.create_task(slow.run)
        await slow.begun.wait()

    loop.run_until_complete(enter())
    loop.close()
    if thread == "same":
        assert executor.shutdown()
    else:
        elsewhere(executor.shutdown)
    assert not executor.is_spinning
    assert executor.shutdown()
    assert slow.ended


def test_shutdown_after_the_loop_of_spin_calls_was_closed(
    context: Context, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """As above."""
    slow, loop = Slow(), loop_factory()
    executor = AsyncioExecutor(context=context, loop=loop)
    task = executor.create_task(slow.run)
    while not slow.begun.is_set():
        executor.spin_once()
    loop.close()
    assert executor.shutdown()
    assert slow.ended
    assert task.cancelled()
