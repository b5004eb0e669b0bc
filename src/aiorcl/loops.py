# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""An event loop whose selector runs ready entities while nothing else is due."""

from __future__ import annotations

import asyncio
import selectors
import sys
import time
from typing import TYPE_CHECKING

from aiorcl import _core

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context
    from typing import TypeVarTuple

    from aiorcl._drivers import HostedDriver

    Ts = TypeVarTuple("Ts")

# How often the loop's fds are looked at while it has something to do in each turn: a look costs
# more than the rest of a turn.
_POLL_SECONDS = 0.0001

if sys.platform == "linux":

    class _Selector(selectors.EpollSelector):
        """Lets the executor wait in its place: in C++, on the fds of both, and no loop turns."""

        def __init__(self) -> None:
            super().__init__()
            self.turn = _core.Turn()
            self.host: HostedDriver | None = None
            self.due = 0.0  # when the loop wants its next turn, by time.monotonic()
            self._polled = 0.0  # when the fds were looked at last

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            # Whatever the loop wanted until now it has put into its lists, and the timeout tells of
            # it.
            turn = self.turn
            turn.wanted = turn.stopping = turn.polled = False
            now = time.monotonic()
            self.due = float("inf") if timeout is None else now + timeout
            if self.host is None:
                return super().select(timeout)
            self.host.wait(timeout)
            if not turn.readable and (turn.polled or now - self._polled < _POLL_SECONDS):
                return []
            turn.readable = False
            self._polled = now
            return super().select(0)

    class EventLoop(asyncio.SelectorEventLoop):
        """asyncio's own event loop, which an executor can drive more cheaply.

        An `AsyncioExecutor` that runs on it takes messages inside the selector, so that a message
        from another process costs no turn of the loop (about 10 us in pure Python). Everything else
        is asyncio's. One executor at a time gains; further ones on the same loop run as on any
        other loop.
        """

        def __init__(self) -> None:
            self._aiorcl_selector = _Selector()
            super().__init__(self._aiorcl_selector)

        def call_soon(
            self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
        ) -> asyncio.Handle:
            self._aiorcl_selector.turn.wanted = True
            return super().call_soon(callback, *args, context=context)

        def call_at(
            self,
            when: float,
            callback: Callable[[*Ts], object],
            *args: *Ts,
            context: Context | None = None,
        ) -> asyncio.TimerHandle:
            self._aiorcl_selector.turn.wanted = True
            return super().call_at(when, callback, *args, context=context)

        def stop(self) -> None:
            self._aiorcl_selector.turn.stopping = True
            super().stop()

    def selector_of(loop: asyncio.AbstractEventLoop) -> _Selector | None:
        """Return the selector of a loop of ours, or None."""
        return loop._aiorcl_selector if isinstance(loop, EventLoop) else None

else:  # no epoll: asyncio's own loop, and the executor watches its fds as any user of the loop does
    EventLoop = asyncio.SelectorEventLoop  # type: ignore[misc]

    def selector_of(loop: asyncio.AbstractEventLoop) -> _Selector | None:
        return None


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop of the kind that ``AsyncioExecutor.spin`` makes for itself.

    To use it elsewhere: ``asyncio.Runner(loop_factory=aiorcl.new_event_loop)``, or on Python 3.12
    and newer ``asyncio.run(main(), loop_factory=aiorcl.new_event_loop)``.
    """
    return EventLoop()
