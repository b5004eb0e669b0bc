# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tasks that make steps are left alone by an end, however often they are cancelled meanwhile.

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context

from aiorcl import AsyncioExecutor
from tests.support.scopes import CancelsAgain
from tests.support.turns import Turn, turns

if TYPE_CHECKING:
    from tests.support.makers import Run

#: So often a task is cancelled: in more turns of the loop than an end looks at in a row.
TIMES = 8


async def turn() -> None:
    """Let the loop turn, by a coroutine of its own."""
    await Turn()


async def turn_in_a_generator() -> None:
    """Let it turn within an async generator."""

    async def generate() -> AsyncIterator[None]:
        await Turn()
        yield

    async for _ in generate():
        pass


async def turn_with_what_is_done() -> None:
    """Let it turn by a future that is done by then."""
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, None)
    await future


class Unwinds:
    """A task that is cancelled in each of its cleanups, which take a turn of the loop each."""

    def __init__(self, await_turn: Callable[[], Awaitable[None]], *, takes_back: bool) -> None:
        self._await_turn = await_turn
        self._takes_back = takes_back
        self.may_end = asyncio.Event()
        self.cleaned_up: list[asyncio.Task[Any] | None] = []

    async def run(self) -> None:
        """Be cancelled some times, and clean up then."""
        task = asyncio.current_task()
        assert task is not None
        for _ in range(TIMES):
            try:
                await self._await_turn()
            except asyncio.CancelledError:
                if self._takes_back:
                    task.uncancel()
        await self.may_end.wait()
        self.cleaned_up.append(asyncio.current_task())

    async def cancel(self, task: asyncio.Task[Any]) -> None:
        """Cancel it in each turn of the loop."""
        for _ in range(TIMES - 1):
            await Turn()
            task.cancel()


@pytest.mark.parametrize("takes_back", [False, True])
@pytest.mark.parametrize("await_turn", [turn, turn_in_a_generator, turn_with_what_is_done])
def test_a_task_that_is_cancelled_in_each_turn_goes_on_by_itself(
    run: Run, context: Context, await_turn: Callable[[], Awaitable[None]], *, takes_back: bool
) -> None:
    """The end of a block, which has nothing to do with it, hands its coroutine to no other task."""

    async def main() -> None:
        unwinds = Unwinds(await_turn, takes_back=takes_back)
        async with AsyncioExecutor(context=context):
            task = asyncio.create_task(unwinds.run())
            cancels = asyncio.create_task(unwinds.cancel(task))
            await Turn()
        await cancels
        assert not task.done()
        unwinds.may_end.set()
        await task
        assert unwinds.cleaned_up == [task]

    run(main)


@pytest.mark.parametrize("way", ["block", "shutdown"])
def test_a_task_in_a_scope_goes_on_by_itself(context: Context, way: str) -> None:
    """Cancelled whatever it awaits, it still goes through its cleanups one by one."""
    steps: list[int] = []

    async def unwind(depth: int) -> None:
        try:
            await (unwind(depth - 1) if depth else asyncio.Event().wait())
        finally:
            try:
                await Turn()
            finally:
                steps.append(depth)
                assert asyncio.current_task() is tasks[0]

    tasks: list[asyncio.Task[None]] = []

    async def begin() -> None:
        tasks.append(asyncio.create_task(unwind(TIMES)))
        await turns()
        CancelsAgain(tasks[0]).cancel()

    async def block() -> None:
        async with AsyncioExecutor(context=context):
            await begin()
        await asyncio.wait(tasks)

    if way == "block":
        asyncio.run(block())
    else:
        executor = AsyncioExecutor(context=context)
        executor.spin_until_future_complete(executor.create_task(begin))
        assert executor.shutdown()
    assert steps == list(range(TIMES + 1))
    assert tasks[0].cancelled()
