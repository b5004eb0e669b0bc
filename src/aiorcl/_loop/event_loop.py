# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""An event loop whose selector runs ready entities while nothing else is due."""

from __future__ import annotations

import asyncio
import selectors
import sys
import weakref
from typing import TYPE_CHECKING

from aiorcl import _core

if TYPE_CHECKING:
    from aiorcl._loop.selector_driver import SelectorDriver

if sys.platform == "linux":

    class Selector(selectors.EpollSelector):
        """Lets the executor wait in its place: in C++, on the fds of both, and no loop turns."""

        def __init__(self) -> None:
            super().__init__()
            self.turn = _core.LoopTurn()
            self.driver: SelectorDriver | None = None

        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            self.turn.begin(timeout)
            if self.driver is None:
                return super().select(timeout)
            self.driver.wait(timeout)
            return super().select(0) if self.turn.looks() else []

    # Of each loop of ours. Weakly: a selector in which an executor is driven holds the loop.
    _selectors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[Selector]]
    _selectors = weakref.WeakKeyDictionary()

    class EventLoop(asyncio.SelectorEventLoop):
        """asyncio's own event loop, which an executor can drive more cheaply.

        An `AsyncioExecutor` that runs on it takes messages inside the selector, so that a message
        from another process costs no turn of the loop (about 10 us in pure Python). Everything else
        is asyncio's. One executor at a time gains; further ones on the same loop run as on any
        other loop.
        """

        def __init__(self) -> None:
            selector = Selector()
            _selectors[self] = weakref.ref(selector)
            self.aiorcl_turn = selector.turn
            super().__init__(selector)

        def stop(self) -> None:
            self.aiorcl_turn.stopping = True
            super().stop()

        if not TYPE_CHECKING:  # as the base class declares them
            call_soon = _core.wanting(asyncio.SelectorEventLoop.call_soon)
            call_at = _core.wanting(asyncio.SelectorEventLoop.call_at)

    def selector_of(loop: asyncio.AbstractEventLoop) -> Selector | None:
        """Return the selector of a loop of ours that is not closed, or None."""
        selector = _selectors.get(loop)
        return None if selector is None else selector()

else:  # no epoll: asyncio's own loop, and the executor watches its fds as any user of the loop does
    EventLoop = asyncio.SelectorEventLoop  # type: ignore[misc]

    def selector_of(loop: asyncio.AbstractEventLoop) -> Selector | None:
        return None


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop of the kind that ``AsyncioExecutor.spin`` makes for itself.

    To use it elsewhere: ``asyncio.Runner(loop_factory=aiorcl.new_event_loop)``, or on Python 3.12
    and newer ``asyncio.run(main(), loop_factory=aiorcl.new_event_loop)``.
    """
    return EventLoop()
