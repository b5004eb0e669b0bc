# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""For a loop of ours: its selector waits in the dispatcher, on the fds of both."""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from aiorcl._loop.driver import Driver
from aiorcl._loop.event_loop import selector_of
from aiorcl._loop.reader_driver import ReaderDriver

if TYPE_CHECKING:
    from aiorcl import _core
    from aiorcl._loop.event_loop import Selector
    from aiorcl._loop.hooks import Hooks
    from aiorcl._loop.run import Run

_UNLIMITED = sys.maxsize


class SelectorDriver(Driver):
    """Drives an executor inside the selector of its loop; by readers while another one is there."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        dispatcher: _core.Dispatcher,
        hooks: Hooks,
        run: Run,
        selector: Selector,
    ) -> None:
        super().__init__(loop, dispatcher, hooks, run)
        self._selector = selector
        self._dispatch = self._calling(dispatcher.wait)
        self._reader_driver = ReaderDriver(loop, dispatcher, hooks, run)
        self._by_readers = False
        self._until: float | None = None  # run_once: the deadline, by time.monotonic()
        self._is_hosted = False

    def start(self) -> None:
        if not self._is_hosted:  # not before: whoever asks for the loop may make a driver in vain
            self._dispatcher.host(self._selector.fileno())
            self._is_hosted = True
        self._by_readers = self._selector.driver not in (None, self)  # an interrupt left this one
        if self._by_readers:
            self._reader_driver.start()
        else:
            self._selector.driver = self
            self._dispatcher.wake()

    def stop(self) -> None:
        if self._by_readers:
            self._reader_driver.stop()
        elif self._selector.driver is self:
            self._selector.driver = None

    def wait(self, timeout: float | None) -> None:
        """What the loop's selector does instead of waiting."""
        run = self._run
        if not run.once or self._goes_on_inside():
            self._dispatch(
                self._hooks, -1.0 if timeout is None else timeout, self._selector.turn, _UNLIMITED
            )
            return
        # What the loop has to do in this turn may be a step that came earlier.
        comes_later = timeout == 0 and run.others_come_first()
        if self._until is not None:
            left = max(0.0, self._until - time.monotonic())
            timeout = left if timeout is None else min(timeout, left)
        if not run.pieces and not comes_later:
            wait = -1.0 if timeout is None else timeout
            self._count(self._dispatch(self._hooks, wait, self._selector.turn, 1))
        if run.pieces or (self._until is not None and time.monotonic() >= self._until):
            run.stop_loop()

    def run_once(self, timeout: float | None) -> None:
        run, turn = self._run, self._selector.turn
        outer = self._until
        self._until = None if timeout is None else time.monotonic() + timeout
        asked = False
        try:
            self.start()
            while True:
                now = time.monotonic()
                if not (turn.wanted or run.interrupted) and now < turn.due:
                    waits = [turn.due - now]
                    if self._until is not None:
                        waits.append(max(0.0, self._until - now))
                    # Sets turn.wanted when a fd of the loop is ready.
                    self._run_outside(partial(self._wait, min(waits)))
                if not (run.pieces or run.interrupted) and (turn.wanted or now >= turn.due):
                    run.run_loop()
                    turn.stopping = False
                if run.pieces or run.interrupted:
                    break
                if self._until is not None and time.monotonic() >= self._until:
                    if asked or self._nothing_came():
                        break
                    asked = True
            self._run_first_steps()
            turn.stopping = False
        finally:
            self.stop()
            self._until = outer

    def _wait(self, timeout: float) -> None:
        self._count(self._dispatch(self._hooks, timeout, self._selector.turn, 1))


def driver_for(
    loop: asyncio.AbstractEventLoop, dispatcher: _core.Dispatcher, hooks: Hooks, run: Run
) -> Driver:
    """Return the cheapest driver that the loop allows."""
    selector = selector_of(loop)
    if selector is not None:
        return SelectorDriver(loop, dispatcher, hooks, run, selector)
    return ReaderDriver(loop, dispatcher, hooks, run)
