# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The loop was closed while an executor's block was open, or its coroutines were under way.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.elsewhere import DEADLINE_SEC

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


def test_shutdown_waits_for_a_worker_whose_loop_was_closed(
    context: Context, lone: Node, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """As long as it may, and no longer; that the callback goes on is what it tells."""
    executor, loop = AsyncioExecutor(context=context), loop_factory()
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def callback() -> None:
        timer.cancel()
        begun.set()
        may_end.wait()
        ended.set()

    timer = lone.create_timer(0.001, callback, callback_group=ThreadCallbackGroup(1))
    executor.add_node(lone)

    async def enter() -> None:
        await executor.start()
        await asyncio.to_thread(begun.wait)

    loop.run_until_complete(enter())
    loop.close()
    with ThreadPoolExecutor() as threads:
        try:
            assert threads.submit(executor.shutdown, 0).result(DEADLINE_SEC) is False
            assert threads.submit(executor.shutdown, 0).result(DEADLINE_SEC) is False
            waits = threads.submit(executor.shutdown)
            assert not ended.is_set()
        finally:
            may_end.set()
        assert waits.result(DEADLINE_SEC) is True
        assert ended.is_set()
    assert executor.shutdown(0) is True


def test_an_exception_is_told_once_where_no_block_is_left(
    context: Context, lone: Node, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """At once; the exit of the interpreter, which ends the executor, does not raise it as well."""
    executor, loop = AsyncioExecutor(context=context), loop_factory()
    executor.add_node(lone)
    told: list[BaseException | None] = []

    def fail() -> None:
        timer.cancel()
        raise LookupError("on purpose")

    timer = lone.create_timer(0.001, fail)

    async def enter() -> None:
        comes = asyncio.Event()

        def handle(_: asyncio.AbstractEventLoop, what: dict[str, Any]) -> None:
            told.append(what["exception"])
            comes.set()

        loop.set_exception_handler(handle)
        await executor.start()
        await comes.wait()

    loop.run_until_complete(enter())
    loop.close()
    executor._interpreter_end.come()
    assert [type(error) for error in told] == [LookupError]
    assert executor.shutdown()
