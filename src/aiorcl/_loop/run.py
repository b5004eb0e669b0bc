# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who runs the executor now, and how far the spin call that does may go."""

from __future__ import annotations

import asyncio
import functools
import threading
import weakref
from typing import TYPE_CHECKING, Any

from aiorcl._tasks.inline import InlineCallback

if TYPE_CHECKING:
    import rclpy.task

    from aiorcl._tasks.steps import Steps
    from aiorcl.executor import AsyncioExecutor


class _Here(threading.local):
    """Of each thread: the turns of those that run in it."""

    def __init__(self) -> None:
        self.turns: list[Turns] = []


_here = _Here()


def executors_here() -> list[AsyncioExecutor]:
    """Return the executors that this thread runs now; several may share its loop."""
    owners = [turns.executor() for turns in _here.turns]
    return [executor for executor in owners if executor is not None]


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, or None."""
    return asyncio._get_running_loop()


class EndsSpin(InlineCallback):
    """A done callback that brings spin_until_future_complete back, from any thread."""

    __slots__ = ("_executor",)

    def __init__(self, executor: AsyncioExecutor) -> None:
        self._executor = weakref.ref(executor)

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        executor = self._executor()
        if executor is not None:
            executor._work.post(functools.partial(executor._turns.interrupt_if_until, future))


class Turns:
    """The state of one run of the executor: a spin call, or an ``async with`` block.

    ``once``: a spin_once, which has one piece of work; ``units`` counts it. ``interrupted``: the
    spin call shall return.
    """

    def __init__(self, executor: AsyncioExecutor) -> None:
        self.executor = weakref.ref(executor)
        self._dispatcher = executor._dispatcher
        self.loop_to_stop: asyncio.AbstractEventLoop | None = None  # of a spin call
        self._loop_stopped = False
        self._lock = threading.Lock()  # two threads may begin at once
        self.thread: int | None = None
        self.once = False
        self.units = 0
        self.waiting: dict[Steps, None] = {}  # for another spin_once, in order
        self.interrupted = False
        self.until: rclpy.task.Future[Any] | None = None  # what the spin call waits for

    def begin(self) -> None:
        """Run in this thread from now on.

        :raises RuntimeError: if the executor runs already.
        """
        if not self.try_begin():
            where = "this" if self.is_here() else "another"
            raise RuntimeError(f"The executor runs already, in {where} thread")

    def try_begin(self) -> bool:
        """As begin(), but False if the executor runs already."""
        with self._lock:
            if self.thread is not None:
                return False
            self.thread = threading.get_ident()
        _here.turns.append(self)
        self.loop_to_stop = None
        self.once = False
        self.units = 0
        self.interrupted = False
        return True

    def end(self) -> None:
        """Nothing runs any more."""
        self.loop_to_stop = None
        self.once = False
        _here.turns.remove(self)
        self.thread = None

    def is_here(self) -> bool:
        """True on the thread that runs the executor, and on any thread while none does."""
        return self.thread is None or self.thread == threading.get_ident()

    def interrupt(self) -> None:
        """Bring the spin call that is under way back after the callback that it is in."""
        self.interrupted = True
        self._stop()

    def interrupt_if_until(self, future: rclpy.task.Future[Any]) -> bool:
        """Interrupt the spin call that waits for this future. Returns False: nothing ran."""
        if future is self.until:
            self.interrupt()
        return False

    def step_begins(self, steps: Steps, *, urgent: bool = False) -> bool:
        """Count a step of a coroutine; False if it has to wait for another spin_once.

        Whoever waits longest comes first, or a coroutine that is always ready would be all that
        ever runs: the loop calls those that are ready in the same order in each of its turns.
        """
        if self.once:
            others_wait = self.waiting and next(iter(self.waiting)) is not steps
            if (self.units or others_wait) and not urgent:
                self.waiting[steps] = None
                return False
            self.units = 1
            self._stop()
        self.waiting.pop(steps, None)
        return True

    def run_loop(self) -> None:
        """Run the loop of a spin call until stop_loop()."""
        assert self.loop_to_stop is not None
        self._loop_stopped = False
        self.loop_to_stop.run_forever()

    def stop_loop(self) -> None:
        """End run_loop(), once: uvloop would keep a second stop for its next run."""
        if (
            self.loop_to_stop is not None
            and self.loop_to_stop.is_running()
            and not self._loop_stopped
        ):
            self._loop_stopped = True
            self.loop_to_stop.stop()

    def _stop(self) -> None:
        self._dispatcher.stop()
        self.stop_loop()
