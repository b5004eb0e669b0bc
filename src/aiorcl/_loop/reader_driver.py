# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""For any loop: readers on the dispatcher's fds."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from rclpy.clock import Clock
from rclpy.clock_type import ClockType

from aiorcl import _core
from aiorcl._loop.driver import Driver

if TYPE_CHECKING:
    from aiorcl._loop.hooks import Hooks
    from aiorcl._loop.run import Run

# How long spin_once may serve entities before the loop gets a turn.
_TURN_SEC = 0.001
_BUDGET_NS = 1_000_000


def _is_reentrant(loop: asyncio.AbstractEventLoop) -> bool:
    """True for a loop of asyncio's that a library lets run inside its own callbacks.

    As nest_asyncio does, at whichever moment. Every other loop refuses to.
    """
    method = type(loop).run_until_complete
    asyncios = asyncio.BaseEventLoop
    return method is not asyncios.run_until_complete and isinstance(loop, asyncios)


class Readers:
    """What calls ``drain`` in the loop's turns whenever a dispatcher has something to do.

    Where the system has no timerfd, the loop's own timers bring the dispatcher's: call
    ``set_timer`` after whatever may have changed them. The loop's thread only.

    :param loop: returns the loop, or None when that is collected.
    :param drain: is given which of the dispatcher's ``timer_fds`` is readable, or -1.
    """

    def __init__(
        self,
        loop: Callable[[], asyncio.AbstractEventLoop | None],
        dispatcher: _core.Dispatcher,
        drain: Callable[[int], object],
    ) -> None:
        self._loop = loop
        self._dispatcher = dispatcher
        self._drain = drain
        self._pid = os.getpid()
        self._timer: asyncio.TimerHandle | None = None
        self._fds: list[int] = []

    def start(self) -> None:
        """Watch the fds.

        :raises NotImplementedError: if the loop cannot.
        """
        loop, dispatcher = self._loop(), self._dispatcher
        assert loop is not None  # whoever starts it holds it
        try:
            self._watch_all(loop)
        except BaseException:
            self.stop()
            raise
        dispatcher.wake()
        self.set_timer()

    def renew(self) -> None:
        """Let the loop run inside ``drain``: it cannot call a reader that it is calling."""
        loop = self._loop()
        assert loop is not None  # which runs
        self._fds.clear()
        self._watch_all(loop)
        self.set_timer()

    def _watch_all(self, loop: asyncio.AbstractEventLoop) -> None:
        dispatcher = self._dispatcher
        # Directly where nothing else is to do: this is what each wake-up costs.
        on_wakeup = self._drain if dispatcher.timer_fds else self._on_wakeup
        self._watch(loop, dispatcher.wakeup_fd, on_wakeup, -1)
        for fd in dispatcher.timer_fds:
            self._watch(loop, fd, self._drain, fd)

    def _watch(
        self,
        loop: asyncio.AbstractEventLoop,
        fd: int,
        callback: Callable[[int], object],
        timer_fd: int,
    ) -> None:
        self._fds.append(fd)  # before: an interrupt comes anywhere
        try:
            loop.add_reader(fd, callback, timer_fd)
        except NotImplementedError:
            self._fds.pop()
            raise NotImplementedError(
                f"{type(loop).__module__}.{type(loop).__qualname__} has no add_reader(), by which "
                "an executor hears of messages. Use a loop that has it, such as asyncio's selector "
                "loops, uvloop's or qasync's; or run the executor in a thread, by spin()"
            ) from None

    def stop(self) -> None:
        """Watch nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop = self._loop()
        if loop is None or loop.is_closed() or os.getpid() != self._pid:
            self._fds.clear()
            return  # a forked child shares the parent's epoll: this would stop the parent's readers
        while self._fds:
            loop.remove_reader(self._fds[-1])
            self._fds.pop()

    def set_timer(self) -> None:
        if self._dispatcher.timer_fds:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loop, left = self._loop(), self._dispatcher.next_due_in()
        if loop is not None and isinstance(left, float):
            self._timer = loop.call_later(left, self._on_wakeup, -1)

    def _on_wakeup(self, timer_fd: int) -> None:
        self._drain(timer_fd)
        self.set_timer()


class ReaderDriver(Driver):
    """Drives an executor on any loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, dispatcher: _core.Dispatcher, hooks: Hooks, run: Run
    ) -> None:
        super().__init__(loop, dispatcher, hooks, run)
        self._dispatch = self._calling(dispatcher.drain)
        self._dispatch_one = self._calling(dispatcher.run)
        # Not weakly: where the loop dies together with the executor, the end of that still runs it,
        # when weak references to both are cleared already.
        self._readers = Readers(lambda: loop, dispatcher, self._drain)
        self._clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._last_turn = 0.0

    def start(self) -> None:
        self._readers.start()

    def stop(self) -> None:
        self._readers.stop()

    def _drain(self, timer_fd: int) -> None:
        run = self._run
        if _is_reentrant(self.loop):
            self._readers.renew()
        if not run.once or self._goes_on_inside():
            self._dispatch(self._hooks, timer_fd)
            return
        if timer_fd >= 0:
            self._dispatcher.timer_readable(timer_fd)
        if not run.pieces and self._run_one():
            run.stop_loop()

    def _run_one(self) -> bool:
        """Run one piece of work if any is ready, and what counts for nobody before it."""
        run = self._run
        while not self._count(self._dispatch_one(self._hooks, 1, _BUDGET_NS)):
            if run.interrupted or not self._dispatcher.has_ready():
                return False
        return True

    def run_once(self, timeout: float | None) -> None:
        run = self._run
        until_ns = time.monotonic_ns() + int((timeout or 0.0) * 1e9)
        if (
            self._dispatcher.has_ready()
            and not run.others_come_first()
            and time.monotonic() - self._last_turn < _TURN_SEC
            and not _is_reentrant(self.loop)  # which would hear nothing in a callback
        ):
            self._run_outside(self._run_one)
            if (run.pieces or run.interrupted) and not run.beginning:
                return
        alarm: _core.Alarm | None = None
        stop: asyncio.Handle | None = None
        if timeout is not None and timeout > 0:
            # By a timer of the dispatcher: those of the loop go by the millisecond.
            alarm = _core.Alarm(self._dispatcher, self._clock, until_ns, self._is_over)
        try:
            self.start()
            if not (run.pieces or run.interrupted):
                if alarm is None and timeout is not None:
                    stop = self.loop.call_soon(run.stop_loop)
                run.run_loop()
                if not (run.has_done_its_piece() or self._nothing_came()):
                    self._run_outside(self._run_one)
            self._run_first_steps()
        finally:
            if alarm is not None:
                alarm.close()
            if stop is not None:
                stop.cancel()
            self.stop()
            self._last_turn = time.monotonic()

    def _is_over(self, _source_changed: bool) -> bool:
        """End spin_once, as what it would have counted did not come."""
        self._run.stop_loop()
        return False
