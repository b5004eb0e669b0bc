# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Waiting for the end of something ends with that, whoever is cancelled.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._tasks.uninterrupted import uninterrupted
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run

TIMES = 3


async def cancel_others() -> None:
    """Cancel every other task of the loop, more than once."""
    for _ in range(TIMES):
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await turns()


class Stubborn:
    """A coroutine whose cleanup ends when it is let, whoever cancels it meanwhile."""

    def __init__(self, steps: list[str]) -> None:
        self._steps = steps
        self.begun, self.cleans_up, self.goes_on = (asyncio.Event() for _ in range(3))

    async def run(self) -> None:
        """Wait to be cancelled."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cleans_up.set()
            while not self.goes_on.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await self.goes_on.wait()
            self._steps.append("cleaned up")


async def in_block(context: Context, stubborn: Stubborn) -> None:
    """Run it on the executor of a block."""
    async with AsyncioExecutor(context=context) as executor:
        executor.create_task(stubborn.run)
        await stubborn.begun.wait()


async def in_lifespan(context: Context, stubborn: Stubborn) -> None:
    """Run it beside the nodes of a web application."""

    def make() -> Node:
        return Node("node", context=context, start_parameter_services=False)

    ros = aiorcl.lifespan(make, context=context)
    async with ros(object()):
        ros.executor.create_task(stubborn.run)
        await stubborn.begun.wait()


def test_all_other_tasks_are_cancelled(run: Run) -> None:
    """That of the wait, too: who waits has the cancellation, but not before the end."""

    async def main() -> None:
        over = asyncio.Event()
        waiting = asyncio.create_task(uninterrupted(over.wait))
        await turns()
        await cancel_others()
        assert not waiting.done()
        over.set()
        assert isinstance(await waiting, asyncio.CancelledError)

    run(main)


def test_what_raises_a_cancellation_itself_ends(run: Run) -> None:
    """Nobody has cancelled its task, and it is not run again."""

    async def wait() -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        assert isinstance(await uninterrupted(wait), asyncio.CancelledError)

    run(main)


@pytest.mark.parametrize("body", [in_block, in_lifespan])
def test_all_other_tasks_are_cancelled_while_a_block_ends(
    run: Run, context: Context, body: Callable[[Context, Stubborn], Coroutine[Any, Any, None]]
) -> None:
    """It is left when the coroutines of its executor have ended, and by the cancellation."""
    steps: list[str] = []

    async def main() -> None:
        stubborn = Stubborn(steps)
        block = asyncio.create_task(body(context, stubborn))
        block.add_done_callback(lambda _: steps.append("left"))
        await stubborn.cleans_up.wait()
        await cancel_others()
        assert not steps
        stubborn.goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await block
        assert steps == ["cleaned up", "left"]

    run(main)
