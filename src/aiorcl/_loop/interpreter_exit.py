# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of executors that nobody shut down when the interpreter ends."""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401  # registers first, and so is called last
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from rclpy.logging import get_logger

from aiorcl._loop.places import place_in
from aiorcl._loop.private import end_pools, frames_of_threads, threads_of_pools, when_main_ends
from aiorcl._loop.weak_methods import WeakMethods


class Work(Protocol):
    """What a thread does for which Python waits in the end.

    :ivar thread: its ident.
    """

    thread: int

    def runs(self) -> bool:
        """True until it has come to its end. Any thread."""
        ...


_left: weakref.WeakSet[Work] = weakref.WeakSet()
_exit_methods = WeakMethods()
_give_ups = WeakMethods()
_ends = WeakMethods()
_main_has_ended = False

# The time between two looks at whether threads are to be waited for yet.
_LOOK_SEC = 0.05

# How long a thread is waited for before that is said.
_SILENT_SEC = 1.0


def at_exit(end: Callable[[], Any]) -> None:
    """Call a method when the interpreter ends, if its object is still there."""
    _exit_methods.add(end)


def give_up_when_main_ends(give_up: Callable[[], Any]) -> None:
    """Call a method when the main thread has ended, before threads are waited for.

    Until those have ended too, and ``at_exit`` comes, nothing else tells a thread of a pool that it
    waits in vain.
    """
    _give_ups.add(give_up)


def end_when_main_ends(end: Callable[[], Any]) -> None:
    """Call a method at that moment, when all have given up that do then.

    What it raises is told: threads are waited for all the same, unless it is an interrupt.
    """
    _ends.add(end)


def leave_alone(work: Work) -> None:
    """Let the interpreter wait for others only if it ends while this runs.

    For what a Ctrl-C has ended the wait for: one more would be needed there.
    """
    _left.add(work)


def is_left_alone(work: Work) -> bool:
    """True if the interpreter ends and does not wait for this. Any thread."""
    return _main_has_ended and work in _left


def join_threads(is_of_use: Callable[[], bool], timeout: float | None = None) -> None:
    """Wait here for the threads for which Python waits later, those of pools aside.

    :param is_of_use: is asked again and again: a thread may wait for the end of the main thread,
        which comes when this returns.
    :param timeout: how long to wait, in seconds; if None for ever, and those are named.
    """
    end = None if timeout is None else time.monotonic() + timeout
    since: dict[threading.Thread, float] = {}
    while is_of_use() and (end is None or time.monotonic() < end):
        aside = {threading.main_thread(), *threads_of_pools()}
        threads = [each for each in threading.enumerate() if not (each.daemon or each in aside)]
        thread = next((each for each in threads if each.is_alive()), None)  # else it starts yet
        if thread is None:
            return
        if timeout is None:
            _name(thread, since)
        thread.join(_LOOK_SEC)


def _name(thread: threading.Thread, since: dict[threading.Thread, float]) -> None:
    """Name a thread that is waited for, once that is long; Python itself would say nothing."""
    now = time.monotonic()
    if now - since.setdefault(thread, now) >= _SILENT_SEC:
        since[thread] = float("inf")
        where = place_in(frames_of_threads().get(thread.ident or 0))
        get_logger("aiorcl").warning(
            f"The end of the program waits for the thread '{thread.name}'{where}; Ctrl-C ends that"
        )


def main_has_ended() -> bool:
    """True from when the main thread has ended, and Python waits for others. Any thread."""
    return _main_has_ended


def waits_in_vain(ident: int | None) -> bool:
    """True if the interpreter ends and does not wait for this thread, which runs an executor.

    Or was the last one to do so, between two spin calls perhaps. A daemon thread is frozen soon,
    and the main thread has ended. Any thread.
    """
    return _main_has_ended and not any(
        thread.ident == ident and not thread.daemon and thread is not threading.main_thread()
        for thread in threading.enumerate()
    )


@atexit.register
def _end_all() -> None:
    # The middleware must not call into an interpreter that goes down, and a daemon thread that runs
    # an executor must not be killed inside it.
    _exit_methods.call_all()


def _give_up() -> None:
    global _main_has_ended
    _main_has_ended = True
    _give_ups.call_all()
    join_threads(_some_are_left)
    try:
        _ends.call_all()
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
    if _some_are_left():
        end_pools({work.thread for work in list(_left) if work.runs()})
    if _some_are_left():
        # What a Ctrl-C does a moment later. There is no way to leave out a single thread.
        raise KeyboardInterrupt("A callback goes on in a worker thread, and was left alone before")


def _some_are_left() -> bool:
    return any(work.runs() for work in list(_left))


when_main_ends(_give_up)
