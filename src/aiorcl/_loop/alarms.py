# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Alarms of clocks on one event loop: the loop is woken when a clock has reached a time."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiorcl import _core
from aiorcl._loop.reader_driver import Readers

if TYPE_CHECKING:
    from rclpy.clock import Clock


class Alarms:
    """A dispatcher of its own for each loop, so that sleeping needs no executor.

    It stays for as long as the loop does, and waits in the loop's selector by three fds. The loop's
    thread only.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)  # the loop keeps this object, by its readers
        self._dispatcher = _core.Dispatcher()
        self._readers = Readers(self._loop, self._dispatcher, self._drain)
        self._readers.start()
        # So the loop keeps the tasks that sleep, as it does under asyncio.sleep(): until it is
        # closed.
        self._pending: set[_core.Alarm] = set()

    def set(self, clock: Clock, until_ns: int, done: Callable[[bool], None]) -> _core.Alarm:
        """Call ``done(source_changed)`` when ``clock`` has reached a time or changed its source.

        Whether it was called or not, ``clear`` has to follow.
        """
        alarm = _core.Alarm(self._dispatcher, clock, until_ns, done)
        self._pending.add(alarm)
        self._readers.set_timer()
        return alarm

    def clear(self, alarm: _core.Alarm) -> None:
        """Call nothing any more."""
        self._pending.discard(alarm)
        alarm.close()

    def _drain(self, timer_fd: int) -> None:
        self._dispatcher.drain(self, timer_fd)

    def on_error(self, source: object, error: BaseException) -> None:
        """The dispatcher's only question: see ``_loop.hooks``."""
        loop = self._loop()
        if loop is not None:
            loop.call_exception_handler({"message": "Exception in an alarm", "exception": error})


# Of each loop. Weakly: what sleeps knows the loop.
_alarms: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[Alarms]]
_alarms = weakref.WeakKeyDictionary()


def alarms_of(loop: asyncio.AbstractEventLoop) -> Alarms:
    """Return the alarms of a loop; make them with the first. On the loop's thread."""
    found = _alarms.get(loop)
    alarms = None if found is None else found()
    if alarms is None:
        alarms = Alarms(loop)
        _alarms[loop] = weakref.ref(alarms)
    return alarms
