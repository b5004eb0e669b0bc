# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How an executor gets its turns: as the host of a loop of ours, or as a reader on another loop."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING

from aiorcl._loop.event_loop import selector_of

if TYPE_CHECKING:
    from aiorcl._loop.event_loop import _Selector
    from aiorcl._loop.hooks import Hooks
    from aiorcl.executor import AsyncioExecutor

UNLIMITED = sys.maxsize
# How long spin_once may serve entities before another kind of loop gets a turn.
_TURN_SECONDS = 0.001
_BUDGET_NS = 1_000_000


class Driver:
    """Runs the executor's dispatcher on one loop. The loop's thread only.

    ``start`` and ``stop`` enclose the time in which entities are served while the loop runs;
    ``run_once`` serves at most one piece of work and needs neither.
    """

    def __init__(self, executor: AsyncioExecutor, loop: asyncio.AbstractEventLoop) -> None:
        self._hooks: Hooks = executor
        self._dispatcher = executor._dispatcher
        self._turns = executor._turns
        self._work = executor._work
        self.loop = loop
        self.until: float | None = None  # run_once: the deadline, by time.monotonic()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        """Run the loop, and serve entities, until the loop is stopped."""
        self.start()
        try:
            self._turns.run_loop()
        finally:
            self.stop()

    def run_once(self, timeout: float | None) -> None:
        """Return when ``units`` of the turns is not 0, the time is over, or it was interrupted."""
        raise NotImplementedError

    def _count(self, callbacks: int) -> bool:
        """Return whether anything was done in this turn."""
        # After the callbacks: a step of a coroutine among them has counted itself.
        self._turns.units += callbacks
        return self._turns.units > 0


class ReaderDriver(Driver):
    """For any loop: readers on the dispatcher's fds."""

    def __init__(self, executor: AsyncioExecutor, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(executor, loop)
        self._pid = os.getpid()
        self._last_turn = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        dispatcher = self._dispatcher
        self.loop.add_reader(dispatcher.wakeup_fd, self._drain)
        for fd in dispatcher.timer_fds:
            self.loop.add_reader(fd, self._drain_timers)
        dispatcher.wake()
        self._set_timer()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.loop.is_closed() or os.getpid() != self._pid:
            return  # a forked child shares the parent's epoll: this would stop the parent's readers
        for fd in (self._dispatcher.wakeup_fd, *self._dispatcher.timer_fds):
            self.loop.remove_reader(fd)

    def _drain(self) -> None:
        turns = self._turns
        if not turns.once:
            self._dispatcher.drain(self._hooks)
        elif not turns.units and self._count(self._dispatcher.run(self._hooks, 1, _BUDGET_NS)):
            turns.stop_loop()
        self._set_timer()

    def _drain_timers(self) -> None:
        self._dispatcher.timers_readable()
        self._drain()

    def _set_timer(self) -> None:
        """Where the system has no timerfd, the loop's own timers bring the executor's."""
        if self._dispatcher.timer_fds:
            return
        if self._timer is not None:
            self._timer.cancel()
        left = self._dispatcher.next_due_in()
        self._timer = self.loop.call_later(left, self._drain) if isinstance(left, float) else None

    def run_once(self, timeout: float | None) -> None:
        turns = self._turns
        if self._dispatcher.has_ready() and time.monotonic() - self._last_turn < _TURN_SECONDS:
            asyncio._set_running_loop(self.loop)  # as HostedDriver._wait
            try:
                self._count(self._dispatcher.run(self._hooks, 1, _BUDGET_NS))
            finally:
                asyncio._set_running_loop(None)
            if turns.units or turns.interrupted:
                return
        self.start()
        ends: asyncio.Handle | None = None
        try:
            if timeout is not None and timeout <= 0:
                ends = self.loop.call_soon(turns.stop_loop)
            elif timeout is not None:
                ends = self.loop.call_later(timeout, turns.stop_loop)
            turns.run_loop()
        finally:
            if ends is not None:
                ends.cancel()
            self.stop()
            self._last_turn = time.monotonic()


class HostedDriver(Driver):
    """For a loop of ours: its selector waits in the dispatcher.

    One at a time; while another executor is the host, this one is served by readers.
    """

    def __init__(
        self, executor: AsyncioExecutor, loop: asyncio.AbstractEventLoop, selector: _Selector
    ) -> None:
        super().__init__(executor, loop)
        self._selector = selector
        self._guest = ReaderDriver(executor, loop)
        self._is_guest = False
        self._dispatcher.host(selector.fileno())

    def start(self) -> None:
        self._is_guest = self._selector.host is not None
        if self._is_guest:
            self._guest.start()
        else:
            self._selector.host = self
            self._dispatcher.wake()

    def stop(self) -> None:
        if self._is_guest:
            self._guest.stop()
        else:
            self._selector.host = None

    def wait(self, timeout: float | None) -> None:
        """What the loop's selector does instead of waiting."""
        turns = self._turns
        if not turns.once:
            self._dispatcher.wait(
                self._hooks, -1.0 if timeout is None else timeout, self._selector.turn, UNLIMITED
            )
            return
        # Coroutines that wait to begin do so in this turn, before what came later can.
        comes_later = timeout == 0 and self._work.unbegun > 0
        if self.until is not None:
            left = max(0.0, self.until - time.monotonic())
            timeout = left if timeout is None else min(timeout, left)
        if not turns.units and not comes_later:
            wait = -1.0 if timeout is None else timeout
            self._count(self._dispatcher.wait(self._hooks, wait, self._selector.turn, 1))
        if turns.units or (self.until is not None and time.monotonic() >= self.until):
            turns.stop_loop()

    def run_once(self, timeout: float | None) -> None:
        turns, turn = self._turns, self._selector.turn
        self.until = None if timeout is None else time.monotonic() + timeout
        self.start()
        try:
            while True:
                now = time.monotonic()
                if not turn.wanted and now < turn.due:
                    ends = [turn.due - now]
                    if self.until is not None:
                        ends.append(max(0.0, self.until - now))
                    self._wait(min(ends))  # sets turn.wanted when a fd of the loop is ready
                if not turns.units and (turn.wanted or now >= turn.due):
                    turns.run_loop()
                    turn.stopping = False
                if turns.units or turns.interrupted:
                    return
                if self.until is not None and time.monotonic() >= self.until:
                    return
        finally:
            self.stop()

    def _wait(self, timeout: float) -> None:
        # Plain callbacks may ask for the running loop, as they may under spin().
        asyncio._set_running_loop(self.loop)
        try:
            self._count(self._dispatcher.wait(self._hooks, timeout, self._selector.turn, 1))
        finally:
            asyncio._set_running_loop(None)


def driver_for(executor: AsyncioExecutor, loop: asyncio.AbstractEventLoop) -> Driver:
    """Return the cheapest driver that the loop allows."""
    selector = selector_of(loop)
    if selector is not None:
        return HostedDriver(executor, loop, selector)
    return ReaderDriver(executor, loop)
