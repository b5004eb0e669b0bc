# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What Python offers under names that begin with an underscore, as far as we use it.

No other module does. All of it is in CPython 3.11 and newer, each with the reason why no public
name does the same.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from collections.abc import Callable, MutableMapping
from concurrent.futures import Future
from concurrent.futures import thread as pools
from socket import socket
from types import CoroutineType, FrameType, FunctionType, ModuleType
from typing import Any, cast

#: Return the loop that runs in this thread, or None, where ``get_running_loop`` would raise.
running_loop: Callable[[], asyncio.AbstractEventLoop | None] = asyncio._get_running_loop

#: Say which loop runs in this thread: asyncio offers it to those who run loops.
set_running_loop: Callable[[asyncio.AbstractEventLoop | None], None] = asyncio._set_running_loop

#: Return the frame so many calls above the caller's; ``inspect.currentframe`` has that of itself.
frame_above: Callable[[int], FrameType] = sys._getframe

#: Return the frame of each thread, by its ident.
frames_of_threads: Callable[[], dict[int, FrameType]] = sys._current_frames

#: Call a function when the main thread has ended; those of ``atexit`` are called when the threads
#: of all pools have ended, too. The last one that is given is called first.
when_main_ends: Callable[[Callable[[], Any]], None]
when_main_ends = threading._register_atexit  # type: ignore[attr-defined]


def threads_of_pools() -> set[threading.Thread]:
    """Return the threads of all pools: they wait for work until Python ends them.

    Those that manage the processes of a pool, too.
    """
    return {*pools._threads_queues, *getattr(_pools_of_processes(), "_threads_wakeups", ())}


def end_pools(spared: set[int]) -> None:
    """Wait for the threads of all pools, as Python does when the main thread has ended.

    :param spared: those that are not waited for, by their idents: here, and by Python later.
    """
    queues = cast("MutableMapping[threading.Thread, Any]", pools._threads_queues)
    of_spared = [queues.pop(thread) for thread in list(queues) if thread.ident in spared]
    for module in (_pools_of_processes(), pools):
        if module is not None:
            module._python_exit()
    for queue in of_spared:
        queue.put(None)  # if they come to their end they may go


def _pools_of_processes() -> ModuleType | None:
    """Return the module of the standard library that has them, if somebody has imported it."""
    return sys.modules.get("concurrent.futures.process")


def swap_current_task(
    loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any] | None
) -> asyncio.Task[Any] | None:
    """Say which task of a loop is the one that runs, or None, and return which was.

    As the loop above, for those who run tasks. asyncio's own ``_swap_current_task``, of Python 3.12
    and newer, fails on some of them where none runs.
    """
    current = asyncio.current_task(loop)
    if current is not None:
        asyncio.tasks._leave_task(loop, current)
    if task is not None:
        asyncio.tasks._enter_task(loop, task)
    return current


# The done callback by which a future of threads cancels what it tells of.
_CANCELS = "_call_check_cancel"


def task_behind(future: Future[Any]) -> asyncio.Future[Any] | None:
    """Return the task of ``asyncio.run_coroutine_threadsafe`` whose end a future tells to threads.

    None if the loop has not made it yet, or if it is a future of another kind: asyncio has no way
    to ask, but the future's cancellation is the task's.
    """
    for callback in list(future._done_callbacks):  # type: ignore[attr-defined]
        if not isinstance(callback, FunctionType) or callback.__name__ != _CANCELS:
            continue
        if callback.__module__ == asyncio.futures.__name__:
            source = inspect.getclosurevars(callback).nonlocals.get("source")
            if asyncio.isfuture(source):
                return source
    return None


def sockets_of(loop: asyncio.AbstractEventLoop) -> tuple[socket, ...]:
    """Return the sockets by which other threads wake a loop of asyncio's own, if it has them."""
    found = (getattr(loop, name, None) for name in ("_ssock", "_csock"))
    return tuple(each for each in found if each is not None)


def waits_for(task: asyncio.Task[Any]) -> asyncio.Future[Any] | None:
    """Return what a suspended task awaits; None if it is to go on in the next turn of the loop."""
    return getattr(task, "_fut_waiter", None)


def asyncio_callbacks_of(future: asyncio.Future[Any]) -> list[Callable[..., object]]:
    """Return the done callbacks of a future: there is no other way to know who awaits it."""
    return [callback for callback, _ in getattr(future, "_callbacks", None) or ()]


def waiters_of(primitive: object) -> list[asyncio.Future[Any]]:
    """Return the futures by which tasks wait for an event, a condition, a queue of asyncio's."""
    if isinstance(primitive, asyncio.Queue):
        return list(getattr(primitive, "_getters", ()))
    if isinstance(primitive, (asyncio.Event, asyncio.Condition, asyncio.Semaphore)):
        return list(getattr(primitive, "_waiters", None) or ())
    return []


def cancels_at_next_step(task: asyncio.Task[Any]) -> bool:
    """Tell whether a task was cancelled, and gets that at its next step.

    ``cancelling()`` also counts what it has got already.
    """
    return getattr(task, "_must_cancel", False)


# Since Python 3.12 it is made of ``asyncio.timeout()``, which keeps none.
_WAIT_FOR = asyncio.wait_for.__code__ if sys.version_info < (3, 12) else None


def keeps_cancellation(coroutine: object) -> bool:
    """Tell whether nobody hears of it if a suspended coroutine is cancelled now.

    It is in ``asyncio.wait_for()``, which has what it waited for, and returns that all the same.
    """
    while isinstance(coroutine, CoroutineType):
        awaited, frame = coroutine.cr_await, coroutine.cr_frame
        if coroutine.cr_code is _WAIT_FOR and frame is not None:
            names = frame.f_locals
            waits = "waiter" in names and not isinstance(awaited, CoroutineType)
            return waits and bool(names["fut"].done())
        coroutine = awaited
    return False
