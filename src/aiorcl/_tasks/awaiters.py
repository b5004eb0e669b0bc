# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who awaits an asyncio task: directly, or by what asyncio and anyio put between."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from typing import Any

from aiorcl._loop.private import callbacks_of

# Whose done callbacks are known to complete a future, and to know no other one.
_LIBRARIES = ("asyncio.", "anyio.")


def awaiters_of(task: asyncio.Task[Any]) -> set[asyncio.Task[Any]]:
    """Return the tasks that await a task now, or a future or another task that ends with it.

    ``gather``, ``wait``, ``wait_for``, ``shield`` and groups of tasks are seen through; what a done
    callback of anybody else does is not known.
    """
    found: set[asyncio.Future[Any]] = {task}
    todo: list[asyncio.Future[Any]] = [task]
    while todo:
        for callback in callbacks_of(todo.pop()):
            new = set(_ends_with(callback)) - found
            found |= new
            todo.extend(new)
    return {each for each in found if isinstance(each, asyncio.Task) and each is not task}


def _ends_with(callback: Callable[..., object]) -> Iterator[asyncio.Future[Any]]:
    """Yield what a done callback wakes or completes."""
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        yield owner
        return
    known = [owner]
    if isinstance(callback, functools.partial):
        known.extend(callback.args)
        callback = callback.func
    if not str(getattr(callback, "__module__", None)).startswith(_LIBRARIES):
        return
    known.extend(cell.cell_contents for cell in getattr(callback, "__closure__", None) or ())
    for each in known:
        for future in (each, *getattr(each, "__dict__", {}).values()):
            # A group knows the tasks that it waits for, and the one that may yet wait for them.
            if isinstance(future, asyncio.Future) and not isinstance(future, asyncio.Task):
                yield future
