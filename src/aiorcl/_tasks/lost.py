# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Tasks that nothing wakes any more, because an interrupt came while the loop was to step them."""

from __future__ import annotations

import asyncio
import sys
import weakref
from types import TracebackType
from typing import Any

from aiorcl._loop.private import cancels_at_next_step, waits_for
from aiorcl._tasks.cancellations import task_that_cancels
from aiorcl._tasks.coroutine_steps import Steps
from aiorcl._tasks.suspended import chain

# The first looks come in each turn of the loop, the next one after a time that doubles.
_TURNS = 4
_LOOK_SEC = 0.05
_LOOK_SECONDS_MAX = 1.0

# What goes on with the coroutine of a lost task.
_heirs: weakref.WeakKeyDictionary[asyncio.Task[Any], asyncio.Task[Any]]
_heirs = weakref.WeakKeyDictionary()


class LostTasks:
    """Brings lost tasks to their end, between ``with`` and its end. On a loop that runs.

    A KeyboardInterrupt may come between two lines of asyncio's own code, where the loop has taken
    from its queue what would step a task: then that task stays pending for ever, and so does
    whoever waits for it. One that was cancelled is told from others: it is to get the cancellation
    at its next step, waits for nothing, and yet makes no step in a turn of the loop. Another task
    goes on with its coroutine, which so gets its CancelledError.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._suspects: dict[asyncio.Task[Any], _Suspension] = {}
        self._looks = 0
        self._seconds = _LOOK_SEC
        self._next: asyncio.Handle | None = None

    def __enter__(self) -> None:
        self._next = self._loop.call_soon(self._look)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._next is not None:
            self._next.cancel()
        self._suspects.clear()

    def _look(self) -> None:
        self._looks += 1
        if self._looks < _TURNS:
            self._next = self._loop.call_soon(self._look)
        else:
            self._next = self._loop.call_later(self._seconds, self._look)
            self._seconds = min(2 * self._seconds, _LOOK_SECONDS_MAX)
        suspects, self._suspects = self._suspects, {}
        for task in asyncio.all_tasks():
            if not _is_to_step(task):
                continue
            now, before = _Suspension(task), suspects.get(task)
            if before is not None and now.key == before.key:
                self._take_over(task)
            else:
                self._suspects[task] = now

    def _take_over(self, task: asyncio.Task[Any]) -> None:
        coroutine: Any = task.get_coro()
        context = None
        if sys.version_info >= (3, 12):
            context = task.get_context()
        heir = task_that_cancels(coroutine, task.get_name(), context)
        if isinstance(coroutine, Steps):
            coroutine.task = heir
        _heirs[task] = heir
        heir.add_done_callback(lambda _: _complete_like(task, heir))


class _Suspension:
    """What a task that was cancelled is suspended in.

    A task that makes steps may be cancelled again after each, as by the scopes of anyio; it may
    take its cancellations back, and come to the same line once more. But not all of that within a
    single ``await`` of one and the same object.

    :ivar key: is another one after a step.
    """

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._chain = list(chain(task.get_coro()))  # holds the objects: none has the id of another
        places = ((id(awaited), frame and frame.f_lasti) for awaited, frame in self._chain)
        self.key = (task.cancelling(), *places)


def _is_to_step(task: asyncio.Task[Any]) -> bool:
    """Tell whether a task should get its cancellation in the next turn of the loop."""
    if task in _heirs or not cancels_at_next_step(task):
        return False
    if getattr(task.get_coro(), "cr_running", True):  # in a callback that runs the loop
        return False
    awaited = waits_for(task)
    return awaited is None or awaited.done()


def _complete_like(task: asyncio.Task[Any], heir: asyncio.Task[Any]) -> None:
    # By the methods of futures, which a task is: its own leave that to its coroutine.
    _heirs.pop(task, None)
    if task.done():
        return
    if heir.cancelled():
        asyncio.Future.cancel(task)
    elif (error := heir.exception()) is not None:
        asyncio.Future.set_exception(task, error)
    else:
        asyncio.Future.set_result(task, heir.result())
