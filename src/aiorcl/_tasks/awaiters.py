# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who awaits an asyncio task: directly, or by what asyncio and anyio put between."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from aiorcl._loop.private import asyncio_callbacks_of, cancels_at_next_step, waiters_of, waits_for

# Whose done callbacks complete the futures of their objects.
_LIBRARIES = ("asyncio.", "anyio.")


def awaiters_of(awaited: asyncio.Future[Any], *, guess: bool = True) -> set[asyncio.Task[Any]]:
    """Return the tasks that await a task or a future now, or one that ends with it.

    ``gather``, ``wait``, ``wait_for``, ``shield`` and groups of tasks are seen through. Not those
    that go on in the next turn of the loop, whatever becomes of the task.

    :param guess: count those, too, that wait for a future, an event, a semaphore or a queue which a
        done callback of anybody else has at hand: as its object, its arguments, or from the
        function around it. Others may have it at hand as well.
    """
    found: set[asyncio.Future[Any]] = {awaited}
    todo: list[asyncio.Future[Any]] = [awaited]
    while todo:
        for callback in asyncio_callbacks_of(todo.pop()):
            new = {each for each in _ends_with(callback, guess) if not _goes_on(each)} - found
            found |= new
            todo.extend(new)
    return {each for each in found if isinstance(each, asyncio.Task) and each is not awaited}


async def until_a_step(tasks: set[asyncio.Task[Any]]) -> None:
    """Return when one of these tasks, or one whose end it awaits, is to make a step.

    Before that none of them begins to await anything else.
    """
    awaited: set[asyncio.Future[Any]] = set()
    for each in asyncio.all_tasks() - {asyncio.current_task()}:
        if each in tasks or not tasks.isdisjoint(awaiters_of(each)):
            future = waits_for(each)
            if future is None:
                return
            awaited.add(future)
    if awaited:
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)


def _goes_on(future: asyncio.Future[Any]) -> bool:
    if not isinstance(future, asyncio.Task) or future.done():
        return future.done()
    awaited = waits_for(future)
    return awaited is None or awaited.done() or cancels_at_next_step(future)


def _ends_with(callback: Callable[..., object], guess: bool) -> Iterator[asyncio.Future[Any]]:
    """Yield what a done callback wakes or completes."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        yield owner
        return
    known = [owner]
    if isinstance(callback, functools.partial):
        known.extend(callback.args)
        known.extend(callback.keywords.values())
        callback = callback.func
        known.append(getattr(callback, "__self__", None))
    is_known = str(getattr(callback, "__module__", None)).startswith(_LIBRARIES)
    if not (is_known or guess):
        return
    for cell in getattr(callback, "__closure__", None) or ():
        with contextlib.suppress(ValueError):  # nothing is in it yet, or any more
            known.append(cell.cell_contents)
    for each in known:
        yield from _completed_by(each)
        if is_known:
            for inner in list(getattr(each, "__dict__", {}).values()):
                yield from _completed_by(inner)


def _completed_by(known: object) -> Iterator[asyncio.Future[Any]]:
    """Yield the futures that somebody completes who has this at hand."""
    # A group knows the tasks that it waits for, and the one that may yet wait for them.
    if isinstance(known, asyncio.Future) and not isinstance(known, asyncio.Task):
        yield known
    yield from waiters_of(known)
