# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The end of an executor goes through, whatever raises on its way; that is raised then.

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from aiorcl._serving.followers import Follower
from aiorcl._serving.registry import served_node_here
from tests.support.counters import timer_fds
from tests.support.raising import WrongError
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run


class Fails(Follower):
    """Cannot bear to hear that the executor ends."""

    def gone(self, reason: str) -> None:
        raise WrongError(reason)


def follow(node: Node) -> None:
    """On the loop's thread."""
    served_node_here(node).serving.follow(Fails(), node, node)


def test_of_a_block(run: Run, context: Context, lone: Node) -> None:
    """Its coroutines are cancelled, its fds are given back, and the thread runs it no more."""
    cancelled: list[bool] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def body(executor: AsyncioExecutor) -> None:
        async with executor:
            executor.add_node(lone)
            executor.create_task(wait())
            await turns()
            follow(lone)

    async def main() -> None:
        gc.collect()  # what other tests have left
        before = timer_fds()
        executor = AsyncioExecutor(context=context)
        with pytest.raises(WrongError, match="shut down"):
            await body(executor)
        assert cancelled == [True]
        assert not executor.is_spinning
        assert timer_fds() == before

    run(main)


def test_of_a_spin(context: Context, lone: Node) -> None:
    """The same by shutdown()."""
    gc.collect()
    before = timer_fds()
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)

    async def wait() -> None:
        follow(lone)
        await asyncio.Event().wait()

    task = executor.create_task(wait())
    for _ in range(4):
        executor.spin_once(timeout_sec=0)
    with pytest.raises(WrongError, match="shut down"):
        executor.shutdown()
    assert task.cancelled()
    assert not executor.is_spinning
    assert timer_fds() == before
