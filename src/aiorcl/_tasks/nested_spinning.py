# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Spin calls inside callbacks and beside other threads, as rclpy's executors allow them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from aiorcl._loop.aside import aside, loop_here
from aiorcl._loop.blocks import block
from aiorcl._loop.own_loop import NestableLoop
from aiorcl._loop.run import something_runs_here
from aiorcl._rclpy.private import remove_done_callback
from aiorcl._tasks.blocked_calls import UnansweredError
from aiorcl._tasks.inline import InlineCallback
from aiorcl._tasks.spinning import Spinning, is_done

if TYPE_CHECKING:
    import rclpy.task

    from aiorcl._loop.run import Run


class _Rings(InlineCallback):
    """A done callback that lets the threads look again that wait for a run."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        self._run.ring()


class _ElsewhereError(Exception):
    """Another thread runs the executor. Leaves no method."""


class NestedSpinning(Spinning):
    """Spin calls that may be made where the executor, or another one, runs already.

    In a callback of this executor one goes on with its work, on the same loop, until it has what it
    waits for. In a callback of another executor that loop is set aside, and waits. Where another
    thread runs the executor it waits for what that brings, or, when that has ended, spins itself.
    """

    def forever(self, spin_once: Callable[[], None] | None = None) -> None:
        if loop_here() is not None:
            with self._inside() as is_own:
                if not is_own:
                    super().forever(spin_once)
                elif spin_once is None:
                    self._spin_forever()
                else:
                    while not self._state.nothing_answers():
                        spin_once()
            return
        self._spin_or_wait(
            partial(super().forever, spin_once),
            partial(self._is_over_elsewhere, lambda: False, None),
        )

    def once(self, timeout: float | None) -> None:
        if loop_here() is not None:
            with self._inside() as is_own:
                if not is_own:
                    super().once(timeout)
                else:
                    self._spin_once_if_up(timeout)
            return
        end = None if timeout is None else time.monotonic() + timeout
        once = super().once

        def is_over() -> bool:
            before = self._run.callbacks
            return self._is_over_elsewhere(lambda: self._run.callbacks != before, end)

        self._spin_or_wait(lambda: once(_left(end)), is_over)

    def until(
        self, future: rclpy.task.Future[Any], timeout: float | None, *, once: bool = False
    ) -> None:
        end = None if timeout is None else time.monotonic() + timeout
        if is_done(future) or self._state.nothing_answers():
            return
        if loop_here() is not None:
            with self._inside() as is_own:
                if is_own:
                    self._spin_until(future, end, once)
                else:
                    super().until(future, timeout, once=once)
            return
        until = super().until

        def is_over() -> bool:
            rings = _Rings(self._run)
            future.add_done_callback(rings)
            try:
                return self._is_over_elsewhere(lambda: is_done(future), end)
            finally:
                remove_done_callback(future, rings)

        self._spin_or_wait(lambda: until(future, _left(end), once=once), is_over)

    def _spin_or_wait(self, spin: Callable[[], None], is_over: Callable[[], bool]) -> None:
        """Make a spin call as soon as no other thread runs the executor.

        :param is_over: waits while one does; True if the call has nothing left to do.
        """
        while True:
            try:
                spin()
                return
            except _ElsewhereError:
                pass
            if is_over():
                return

    @block
    def _inside(self) -> Iterator[bool]:
        """Let a spin call run here, where a loop does; True if that is the executor's own."""
        if not something_runs_here():
            raise RuntimeError(
                "An event loop that no executor runs is running in this thread: serve the nodes on "
                "it by 'async with AsyncioExecutor() as executor', or spin in a thread of its own"
            )
        is_own = self._run.runs_here()
        loop = self._driver().loop
        if is_own and loop.is_running() and not isinstance(loop, NestableLoop):
            raise RuntimeError(
                f"The executor runs already, in this thread, and {type(loop).__module__}."
                f"{type(loop).__qualname__} cannot be run inside its own callbacks: leave the loop "
                "to the executor, or make the callback a coroutine function that awaits"
            )
        with aside():
            if not is_own:
                yield False
                return
            with self._run.inside():
                loop.call_soon(_nothing)  # it may have something to do that it has told of before
                yield True

    def _runs_elsewhere(self) -> None:
        raise _ElsewhereError

    def _is_over_elsewhere(self, has_come: Callable[[], bool], end: float | None) -> bool:
        """Wait while another thread runs the executor; False if none does any more.

        :param has_come: tells whether that has brought what this one waits for.
        """
        # A worker would be waited for by the end of the executor, of which it waits to hear.
        is_worker = self._workers.are_here()
        sleep = self._workers.sleep(self._run.ring, error=partial(self._error_in_worker, end))
        with sleep if is_worker else contextlib.nullcontext():
            while True:
                bell, left = self._run.bell(), _left(end)
                is_over = left == 0.0 or self._state.nothing_answers() or sleep.error is not None
                if is_over or has_come():
                    return True
                if self._run.thread is None:
                    return False
                bell.wait(left)

    def _error_in_worker(self, end: float | None, _context_is_down: bool) -> BaseException | None:
        """Return what ends the call where a worker makes it; None: it returns, as under rclpy."""
        is_ours = self._workers.threads is None
        is_endless = end is None and not self._state.nothing_answers()
        return UnansweredError() if is_ours or is_endless else None


def _left(end: float | None) -> float | None:
    return None if end is None else max(0.0, end - time.monotonic())


def _nothing() -> None:
    pass
