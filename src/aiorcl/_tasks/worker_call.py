# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A call in a worker thread."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Protocol

from aiorcl._core import is_coroutine
from aiorcl._loop.private import task_behind
from aiorcl._loop.waiters import wake
from aiorcl._tasks.coroutine_steps import begins_first
from aiorcl._tasks.task import name_of_function

if TYPE_CHECKING:
    from aiorcl import _core


class Cancellable(Protocol):
    """What a call was handed to."""

    def cancel(self) -> bool:
        """Return True if the call never begins."""
        ...


_REFUSED = object()

# What a callback and its loop get to end by themselves, after all else has ended; and then for each
# further wait, which may be a cleanup. The first is less than executors get at an exit.
_PATIENCE_SEC = 0.5
_CLEANUP_SEC = 5.0


class Call:
    """One call in a worker, and the coroutine that waits for its end.

    :param gate: the entity that may forbid it, if one can.
    :param is_in_vain: tells whether the executor has ended. If given, what the function is called
        with is not lost when the coroutine is cancelled as its node is removed: then it may begin
        later, unless this is true by then.
    :param group: in which it has a place, if it has.
    :param source: what messages name it by; if None the entity, else itself.
    """

    def __init__(
        self,
        function: Callable[[], Any],
        gate: _core.Entity | None = None,
        is_in_vain: Callable[[], bool] | None = None,
        group: object = None,
        source: object = None,
    ) -> None:
        #: As given.
        self.group = group
        self._function = function
        self._source = source
        self._gate = gate
        self._is_in_vain = is_in_vain
        self._begins_after_end = False
        self._context = contextvars.copy_context()
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._may_begin = [True]  # who takes it out decides, the worker or cancel()
        #: True if the function was not called.
        self.is_refused = False
        self.thread = 0  # its ident, while the function runs
        self._next_cancel: float | None = None  # since its thread was found waiting
        #: True if what its thread has waited for was cancelled.
        self.is_wait_cancelled = False
        self._has_ended = False
        self._left: threading.Event | None = None  # set when it has ended, if nobody awaits that
        self._result: Any = None
        self._error: BaseException | None = None

    @property
    def source(self) -> object:
        """What messages name it by."""
        if self._source is not None:
            return self._source
        return self if self._gate is None else self._gate

    @property
    def name(self) -> str:
        """That of the function."""
        return name_of_function(self._function)

    def runs(self) -> bool:
        """True while a thread is in the function. Any thread."""
        return self.thread != 0

    def is_over(self) -> bool:
        """True when the thread has left it, and the loop may not know yet. Any thread."""
        return self._has_ended

    def has_returned(self) -> bool:
        """True if the function was called, and has left no coroutine to go on. Any thread."""
        return self._has_ended and not is_coroutine(self._result)

    def run(self) -> None:
        """Call the function, if it still may begin. The worker's thread."""
        if not self.cancel():
            return
        self.thread = threading.get_ident()
        try:
            if self._begins_after_end and self._is_in_vain is not None and self._is_in_vain():
                self._result = _REFUSED
            elif self._gate is None:
                self._result = self._context.run(self._function)
            else:
                call = self._gate.call_if_may
                self._result = self._context.run(call, _REFUSED, self._function, ())
            if self._result is _REFUSED:
                self.is_refused = True
                raise asyncio.CancelledError
        except BaseException as error:  # a SystemExit too goes the executor's way
            self._error = error
        self.thread = 0
        self._has_ended = True
        self._is_in_vain = None  # which may hold the executor, longer than who waits for this
        if self._left is not None:
            self._left.set()
        try:
            self._loop.call_soon_threadsafe(self._end)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    def cancel(self) -> bool:
        """Let the function not begin; False if it has. Any thread."""
        try:
            return self._may_begin.pop()
        except IndexError:
            return False

    def cancel_awaited(
        self, future: Future[Any] | None, loop: asyncio.AbstractEventLoop | None
    ) -> None:
        """Cancel what the thread has waited for long; what it awaits then has more time.

        The loop's thread.

        :param future: of ``asyncio.run_coroutine_threadsafe``, that it waits for now.
        :param loop: tasks of others go on.
        """
        task = None if future is None else task_behind(future)
        if task is None or task.get_loop() is not loop:
            return
        now = time.monotonic()
        if self._next_cancel is None:
            self._next_cancel = now + _PATIENCE_SEC
        if now >= self._next_cancel:
            self._next_cancel = now + _CLEANUP_SEC
            self.is_wait_cancelled = True
            task.cancel()

    def leave(self) -> threading.Event | None:
        """The coroutine that waits was closed: return what is set when the function has ended.

        None if that never begins. Any thread.
        """
        if self.cancel():
            return None
        self._left = threading.Event()
        if self._has_ended:  # asked after that: else run() sets it
            self._left.set()
        return self._left

    def _end(self) -> None:
        wake(self._ended)

    def abandon(self) -> None:
        """Raise CancelledError to who waits, whatever the thread does. The loop's thread."""
        self.cancel()
        if not self._ended.done():
            self._error = asyncio.CancelledError()
            self._end()

    async def wait(self, submitted: Cancellable) -> Any:
        """Return what the function returned, or raise what it raised.

        A thread cannot be cancelled: it is waited for, and then CancelledError is raised.
        """
        cancellation = await self.end(submitted)
        result = self.result()
        if cancellation is not None:
            raise cancellation
        return result

    async def end(self, submitted: Cancellable) -> asyncio.CancelledError | None:
        """Return when the function has ended, and the cancellation that came meanwhile, if any."""
        cancelled: asyncio.CancelledError | None = None
        while not self._ended.done():
            try:
                await asyncio.shield(self._ended)
            except asyncio.CancelledError as cancellation:
                self._begins_after_end = self._is_in_vain is not None and begins_first()
                if not self._begins_after_end and submitted.cancel():
                    raise  # it never began
                cancelled = cancellation
        try:
            return cancelled
        finally:
            del cancelled  # no cycle of the exception and this frame

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised, once."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
        finally:
            del error  # as in end()
        return self._result


def is_from_worker(error: BaseException) -> bool:
    """Tell whether a callback in a worker has raised this."""
    return any(frame.f_code is Call.run.__code__ for frame, _ in walk_tb(error.__traceback__))


def submit(
    pool: ThreadPoolExecutor, function: Callable[[], None], is_in_vain: Callable[[], bool]
) -> Future[None]:
    """Have a thread of the pool call a function.

    :param is_in_vain: tells whether the executor has ended, or ends with the interpreter.
    :raises CancelledError: if the pool takes nothing any more, and it is.
    :raises RuntimeError: if the pool takes nothing any more, and the executor goes on.
    """
    try:
        return pool.submit(function)
    except RuntimeError as error:
        # When the main thread ends, no pool begins anything any more, while an executor on a thread
        # that is no daemon goes on, and the interpreter waits for it. It has to hear of that.
        if str(error).startswith("cannot schedule new futures") and is_in_vain():
            raise asyncio.CancelledError(str(error)) from None
        raise
