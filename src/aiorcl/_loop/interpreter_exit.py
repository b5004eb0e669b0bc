# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of executors that nobody shut down when the interpreter ends."""

from __future__ import annotations

import atexit
import concurrent.futures.thread  # noqa: F401  # registers first, and so is called last
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from aiorcl._loop.private import when_main_ends
from aiorcl._loop.weak_methods import WeakMethods


class Work(Protocol):
    """What a thread does for which Python waits in the end."""

    def runs(self) -> bool:
        """True until it has come to its end. Any thread."""
        ...


_left: weakref.WeakSet[Work] = weakref.WeakSet()
_exit_methods = WeakMethods()
_give_ups = WeakMethods()
_ends = WeakMethods()
_main_has_ended = False


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
    """Let the interpreter wait for no thread if it ends while this runs.

    For what a Ctrl-C has ended the wait for: one more would be needed there.
    """
    _left.add(work)


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
    if any(work.runs() for work in list(_left)):
        # What a Ctrl-C does a moment later. There is no way to leave out a single thread.
        raise KeyboardInterrupt("A callback goes on in a worker thread, and was left alone before")
    try:
        _ends.call_all()
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)


when_main_ends(_give_up)
