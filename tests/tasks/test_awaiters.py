# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Who awaits a task is known, through whatever asyncio puts between, and when that may change.

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

from aiorcl._tasks.awaiters import awaiters_of, until_a_step
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run

Task = asyncio.Task[Any]


async def directly(task: Task) -> None:
    """Await it."""
    await task


async def by_gather(task: Task) -> None:
    """Await it beside another one."""
    await asyncio.gather(task, asyncio.Event().wait())


async def by_wait(task: Task) -> None:
    """Await it or another one."""
    other = asyncio.create_task(asyncio.Event().wait())
    await asyncio.wait([other, task], return_when=asyncio.FIRST_COMPLETED)


async def by_wait_for(task: Task) -> None:
    """Await it for a while."""
    await asyncio.wait_for(task, 3600)


async def by_shield(task: Task) -> None:
    """Await it without cancelling it."""
    await asyncio.shield(task)


async def by_group(task: Task) -> None:
    """Await a group, of which one awaits it."""
    async with asyncio.TaskGroup() as group:
        group.create_task(by_gather(task))


async def by_group_of_anyio(task: Task) -> None:
    """The same, by another library."""
    anyio = pytest.importorskip("anyio")
    async with anyio.create_task_group() as group:
        group.start_soon(directly, task)


async def by_its_end(task: Task) -> None:
    """Await what a done callback of one's own brings."""
    future = asyncio.get_running_loop().create_future()
    task.add_done_callback(lambda _: future.set_result(None))
    await future


async def by_an_argument(task: Task) -> None:
    """The same, where the callback has it as an argument."""
    event = asyncio.Event()
    task.add_done_callback(functools.partial(lambda event, _: event.set(), event))
    await event.wait()


async def by_a_method(task: Task) -> None:
    """The same, where the callback is a method of it."""
    queue: asyncio.Queue[Task] = asyncio.Queue()
    task.add_done_callback(queue.put_nowait)
    await queue.get()


class Owner:
    """Whose method is a done callback."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def ended(self, _: Task) -> None:
        """Do something else."""


async def by_its_owner(task: Task) -> None:
    """Await something of an object that hears of the end."""
    owner = Owner()
    task.add_done_callback(owner.ended)
    await owner.event.wait()


async def by_a_member(task: Task) -> None:
    """Await something else in a group that has begun one which awaits it."""
    async with asyncio.TaskGroup() as group:
        group.create_task(directly(task))
        await asyncio.Event().wait()


AWAITS = [
    *(directly, by_gather, by_wait, by_wait_for, by_shield, by_group, by_group_of_anyio),
    *(by_its_end, by_an_argument, by_a_method),
]
WAYS = [*((way, True) for way in AWAITS), (by_its_owner, False), (by_a_member, False)]


@pytest.mark.parametrize(("way", "awaits"), WAYS)
def test_who_awaits_a_task(
    run: Run, way: Callable[[Task], Awaitable[None]], *, awaits: bool
) -> None:
    """Those that awaken with its end are found, and nobody else."""

    async def main() -> None:
        task = asyncio.create_task(asyncio.Event().wait())
        waiting = asyncio.ensure_future(way(task))
        await turns()
        assert (waiting in awaiters_of(task)) is awaits
        assert asyncio.current_task() not in awaiters_of(task)
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        await asyncio.wait([waiting])

    run(main)


@pytest.mark.parametrize("way", [by_shield, by_wait, by_its_end, by_an_argument])
def test_who_goes_on_awaits_nothing(run: Run, way: Callable[[Task], Awaitable[None]]) -> None:
    """A cancellation is on its way to it."""

    async def main() -> None:
        task = asyncio.create_task(asyncio.Event().wait())
        waiting = asyncio.ensure_future(way(task))
        await turns()
        waiting.cancel()
        assert awaiters_of(task) == set()
        task.cancel()
        await asyncio.wait([waiting])

    run(main)


def test_a_step_is_told_of(run: Run) -> None:
    """That of a task, or of one that it awaits; not those of others."""

    async def main() -> None:
        events = [asyncio.Event() for _ in range(4)]

        async def inner() -> None:
            await events[0].wait()
            await events[1].wait()

        async def outer() -> None:
            await asyncio.gather(inner())
            await events[2].wait()

        task = asyncio.create_task(outer())
        other = asyncio.create_task(events[3].wait())
        await turns()
        for event in events[:3]:
            step = asyncio.create_task(until_a_step({task}))
            await turns()
            events[3].set()
            await turns()
            assert not step.done()
            event.set()
            await turns()
            assert step.done()
        await asyncio.wait([task, other])

    run(main)
