# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The spin calls of one executor: what each may do, what ends it, and what it raises."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rclpy.executors import ExternalShutdownException

from aiorcl._loop.aside import loop_here
from aiorcl._loop.run import something_runs_here
from aiorcl._rclpy.private import remove_done_callback
from aiorcl._tasks.inline import InlineCallback

if TYPE_CHECKING:
    import rclpy.task

    from aiorcl._loop.driver import Driver
    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._loop.run import Run
    from aiorcl._loop.shutdown_state import ShutdownState
    from aiorcl._tasks.errors import Errors
    from aiorcl._tasks.unfetched import Unfetched
    from aiorcl._tasks.workers import Workers


# Of an executor that is not the one which spins.
_IN_CALLBACK = (
    "; in a plain callback, add the nodes to the executor that calls it, or put the callback into "
    "a ThreadCallbackGroup, which may spin another executor"
)


class _EndsSpin(InlineCallback):
    """A done callback that brings spin_until_future_complete back, from any thread.

    :ivar future: what that waits for; None when it has ended. The job may be done much later, in
        the next run, and keeps no future until then.
    """

    __slots__ = ("_mailbox", "_run", "future")

    def __init__(self, run: Run, mailbox: Mailbox, future: rclpy.task.Future[Any]) -> None:
        self._run = run
        self._mailbox = mailbox
        self.future: rclpy.task.Future[Any] | None = future

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        self._mailbox.post_job(self._come_back)

    def _come_back(self) -> None:
        if self.future is not None:
            self._run.interrupt_if_until(self.future)


class _Call:
    """One spin call: whatever it ends by, ``finish`` is told."""

    __slots__ = ("_finish",)

    def __init__(self, finish: Callable[[BaseException | None], None]) -> None:
        self._finish = finish

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._finish(exc)


class Spinning:
    """Runs the loop for as long as a spin call goes on. The thread that spins.

    :param workers: the threads that run callbacks, in which spin calls may be made.
    :param driver: returns what drives the executor's loop; makes both with the first call.
    :param begun: is called when a spin call has begun: nothing else runs the executor now.
    :param finish: is called when it ends, by an error or not, and gives the run back.
    :ivar raises_at_shutdown: a spin call raises ExternalShutdownException, and does not return.
    """

    def __init__(
        self,
        state: ShutdownState,
        run: Run,
        mailbox: Mailbox,
        errors: Errors,
        unfetched: Unfetched,
        workers: Workers,
        driver: Callable[[], Driver],
        begun: Callable[[], None],
        finish: Callable[[BaseException | None], None],
    ) -> None:
        self._state = state
        self._run = run
        self._mailbox = mailbox
        self._errors = errors
        self._unfetched = unfetched
        self._workers = workers
        self._driver = driver
        self._begun = begun
        self._finish = finish
        self.raises_at_shutdown = True
        self._call = _Call(finish)

    def forever(self, spin_once: Callable[[], None] | None = None) -> None:
        """Run callbacks until the executor or the context is shut down.

        :param spin_once: of the user's own; runs them one by one.
        """
        self._refuse_nested()
        if spin_once is not None:
            while not self._state.nothing_answers():
                spin_once()
            return
        self._in_call(self._spin_forever)

    def once(self, timeout: float | None) -> None:
        """Run one callback, or one step of a task, within ``timeout`` seconds; None: no limit."""
        self._refuse_nested()
        self._in_call(self._spin_once_if_up, timeout)

    def until(
        self, future: rclpy.task.Future[Any], timeout: float | None, *, once: bool = False
    ) -> None:
        """Run callbacks, or but one, until ``future`` is done, time is over, or a shutdown came."""
        end = None if timeout is None else time.monotonic() + timeout
        if is_done(future) or self._state.nothing_answers():
            return
        self._refuse_nested()
        self._in_call(self._spin_until, future, end, once)

    def _in_call(self, spin: Callable[..., None], *args: Any) -> None:
        """Spin, with the run; do nothing if another thread ends the executor just now."""
        try:
            if not self._begin():
                return
            with self._call:
                spin(*args)
        except BaseException:
            self._run.end_torn()
            raise

    def _spin_forever(self) -> None:
        while not self._state.nothing_answers():
            driver = self._driver_of_spin()
            # A shutdown before the loop runs has nothing that it could stop.
            driver.loop.call_soon(self._come_back_from_end)
            driver.run()
            self._raise_what_came()

    def _spin_until(self, future: rclpy.task.Future[Any], end: float | None, once: bool) -> None:
        back = _EndsSpin(self._run, self._mailbox, future)
        try:
            self._run.until = future
            future.add_done_callback(back)
            while not (is_done(future) or self._state.nothing_answers()):
                self._spin_once(None if end is None else max(0.0, end - time.monotonic()))
                if once or (end is not None and time.monotonic() >= end):
                    return
            if not is_done(future):
                self._raise_external_shutdown()
        finally:
            self._run.until = None
            back.future = None
            remove_done_callback(future, back)

    def _refuse_nested(self) -> None:
        if self._run.runs_here():
            raise RuntimeError(
                "The executor runs already, in this thread: make the callback a coroutine "
                "function and await the future instead of spinning"
            )
        if loop_here() is not None:
            raise RuntimeError(
                "An event loop runs in this thread: use 'async with executor' instead of a spin "
                "call" + (_IN_CALLBACK if something_runs_here() else "")
            )

    def _begin(self) -> bool:
        """Begin to run the executor here; False if another thread ends it just now."""
        if not self._run.try_begin():
            if self._state.shut_down:
                return False
            self._runs_elsewhere()
        try:
            self._begun()
            self._errors.raise_first()  # what came while nothing ran, or just now
        except BaseException as error:
            self._finish(error)
            raise
        return True

    def _runs_elsewhere(self) -> None:
        """Another thread has the run, or had it a moment ago."""
        self._run.begin()  # raises

    def _come_back_from_end(self) -> None:
        if self._state.nothing_answers():
            self._run.interrupt()

    def _spin_once_if_up(self, timeout: float | None) -> None:
        if not self._state.shut_down:
            self._spin_once(timeout)

    def _spin_once(self, timeout: float | None) -> None:
        self._run.start_over()
        self._run.once = True
        # Asked now: an end that came before interrupts nothing any more.
        if not self._state.nothing_answers():
            self._driver_of_spin().run_once(timeout)
            self._unfetched.end_spin_once()
        self._raise_what_came()

    def _driver_of_spin(self) -> Driver:
        driver = self._driver()
        self._run.spin()
        return driver

    def _raise_what_came(self) -> None:
        self._errors.raise_first()
        self._raise_external_shutdown()

    def _raise_external_shutdown(self) -> None:
        if self._state.context_down_outside and not self._state.shut_down:
            cause = self._errors.take_of_end()
            if self.raises_at_shutdown:
                raise ExternalShutdownException from cause


def is_done(future: rclpy.task.Future[Any]) -> bool:
    """Tell whether a future, of any kind, will not change any more."""
    return future.done() or future.cancelled()  # rclpy's are either, but not both
