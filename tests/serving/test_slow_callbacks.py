# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Whom an executor calls slow.

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.busy import keep_busy, spin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rclpy.context import Context


@pytest.fixture
def executor(context: Context) -> Iterator[AsyncioExecutor]:
    """An executor on a loop of its own."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


def calls_of_timer(executor: AsyncioExecutor) -> int:
    """Return how often the one timer was called."""
    (timer,) = (each for each in executor.stats().entities if each.kind == "timer" and each.node)
    return timer.calls


def warnings_of(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return the warnings logged so far that name what was slow."""
    return [line for line in capfd.readouterr().err.splitlines() if "kept the loop" in line]


def test_slow_callbacks_are_named(
    executor: AsyncioExecutor, node: Node, capfd: pytest.CaptureFixture[str]
) -> None:
    """What takes as long as the limit, and only that, is named by the logger of its node."""
    assert executor.slow_callback_duration is None
    timer = node.create_timer(0.001, keep_busy)
    spin(executor, lambda: calls_of_timer(executor) == 1)
    assert warnings_of(capfd) == []
    executor.slow_callback_duration = 0.002
    assert executor.slow_callback_duration == 0.002
    spin(executor, lambda: calls_of_timer(executor) == 2)
    (warning,) = (line for line in warnings_of(capfd) if "keep_busy" in line)
    assert f"[{node.get_logger().name}]" in warning
    assert "Timer 'keep_busy' kept the loop for " in warning
    executor.slow_callback_duration = None
    spin(executor, lambda: calls_of_timer(executor) == 3)
    timer.cancel()
    assert warnings_of(capfd) == []
    for wrong in (-1, math.nan):
        with pytest.raises(ValueError, match="0 or more"):
            executor.slow_callback_duration = wrong
    for long in (1e9, 1e10, 10**400, math.inf):
        executor.slow_callback_duration = long
        assert executor.slow_callback_duration == (math.inf if long > 1e9 else long)


def test_debug_mode_names_slow_callbacks(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
    context: Context,
    lone: Node,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Those of asyncio's debug mode say at most that it was one of ours."""

    async def main(*limits: float | None) -> None:
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 0.002
        executor = AsyncioExecutor(context=context)
        for limit in limits:
            executor.slow_callback_duration = limit
        assert executor.slow_callback_duration == (limits[0] if limits else None)
        async with executor:
            executor.add_node(lone)
            called = asyncio.Event()

            def busy() -> None:
                keep_busy()
                called.set()

            timer = lone.create_timer(0.001, busy)
            await called.wait()
            timer.cancel()

    with asyncio.Runner(loop_factory=loop_factory, debug=True) as runner:
        for limits in ((), (1.0,), (math.inf,), (None,)):  # what the user has said holds
            runner.run(main(*limits))
            warned = any("busy' kept the loop for " in warning for warning in warnings_of(capfd))
            assert warned == (not limits)


def test_slow_steps_are_named(executor: AsyncioExecutor, capfd: pytest.CaptureFixture[str]) -> None:
    """A later step of a coroutine that keeps the loop is named, once."""

    async def careless() -> None:
        await asyncio.sleep(0)
        keep_busy()

    executor.slow_callback_duration = 0.002
    executor.spin_until_future_complete(executor.create_task(careless), timeout_sec=10)
    warnings = warnings_of(capfd)
    assert all("[aiorcl]" in line for line in warnings)
    assert any("A step of test_slow_steps_are_named.<locals>.careless kept" in w for w in warnings)
