# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of an exception that leaves a callback or a task."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from types import FrameType
from typing import Protocol, cast

from aiorcl._core import is_coroutine
from aiorcl._loop.brief import brief
from aiorcl._rclpy.notes import add_note
from aiorcl._tasks.block_body import Body

OnError = Callable[[BaseException, str], None]


class Report(Protocol):
    """Names what an exception came from, and tells of it where it cannot be raised."""

    def origin(self, source: object) -> str:
        """Name an entity and its node, or a task."""
        ...

    def handle(self, message: str, error: BaseException) -> None:
        """Hand the exception to the exception handler of the loop, which logs it."""
        ...

    def log(self, source: object, message: str) -> None:
        """Log an error, by the logger of the node if there is one."""
        ...


def _ends_the_program(error: BaseException) -> bool:
    return isinstance(error, (SystemExit, KeyboardInterrupt))


def without_first_frame(error: BaseException) -> None:
    """Take the frame of whoever has caught an exception out of its traceback.

    The exception outlives the call where it is kept, as the frame would; with what that holds it
    would be a reference cycle.
    """
    traceback = error.__traceback__
    if traceback is not None:
        # Not by the attribute: an exception may be a frozen dataclass.
        BaseException.with_traceback(error, traceback.tb_next)


def _shown_in(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, and those that its traceback shows before it; the first one last."""
    seen: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and not any(each is other for other in seen):
        seen.append(each)
        yield each
        if each.__cause__ is not None:
            each = each.__cause__
        else:
            each = None if each.__suppress_context__ else each.__context__


def _show_with(error: BaseException, other: BaseException) -> bool:
    """Have the traceback of one exception show another one, too; False if it cannot."""
    shown = list(_shown_in(error))
    if any(each is other for each in shown) or any(each is error for each in _shown_in(other)):
        return True
    if shown[-1].__suppress_context__ or shown[-1].__context__ is not None:
        return False
    shown[-1].__context__ = other
    return True


class Errors:
    """Keeps the first exception until the call that runs the executor raises it; ends that call.

    Of a block it cancels the body, if the task that entered it is still there (`Body`). Else nobody
    would hear of it before the block ends, so it is told at once, too. Further ones go to the
    exception handler of the loop, so that none is lost. SystemExit and KeyboardInterrupt go before
    any other and are not handed to ``on_error``. What another thread's shutdown of ROS has caused
    ends nothing by itself: a spin call raises the first as the cause of its own exception, and all
    others go to the exception handler. What only says that ROS is down, or the executor ends, goes
    nowhere, as a cancellation, and not to ``on_error`` either. On the loop's thread.

    :param is_of_end: tells whether an exception is such a consequence.
    :param tells_of_end: tells whether it says no more than that ROS is down, or the executor ends.
    """

    def __init__(
        self,
        on_error: OnError | None,
        end_run: Callable[[], None],
        report: Report,
        is_of_end: Callable[[BaseException], bool],
        tells_of_end: Callable[[BaseException], bool],
    ) -> None:
        self._is_of_end = is_of_end
        self._tells_of_end = tells_of_end
        self._of_end: BaseException | None = None  # which no spin call has raised yet
        self._end_run = end_run
        self._report = report
        self._on_error = on_error
        #: Called in the place of ``on_error``, with what the exception has left before it.
        self.on_error_of: Callable[[object, BaseException, str], None] | None = None
        #: What is to be raised.
        self.first: BaseException | None = None
        self._told = False  # of the first
        self._body: Body | None = None
        self._closed = False

    def add(self, source: object, error: BaseException) -> None:
        """Hand the exception to ``on_error``; without it, keep it and end the run."""
        if self._tells_of_end(error):
            return
        origin = self._report.origin(source)
        on_error = self._on_error
        if self.on_error_of is not None:
            on_error = partial(self.on_error_of, source)
        if on_error is not None and not _ends_the_program(error):
            answer = self._ask(on_error, error, origin)
            if answer is None or self._tells_of_end(answer):
                return
            error = answer
        if isinstance(error, asyncio.CancelledError):
            # As asyncio does. It would not end the body, but be taken for a cancellation of it.
            self._report.handle(f"Exception in {origin}", error)
            return
        add_note(error, f"In {origin}")
        if not self._is_of_end(error):
            self._keep(source, origin, error)
        elif self._closed or self._body is not None or self._of_end is not None:
            self._report.handle(f"Exception in {origin} at the end of its context", error)
        else:
            self._of_end = error

    def take_of_end(self) -> BaseException | None:
        """Return what the shutdown of the context has caused, for who raises it; or None."""
        error, self._of_end = self._of_end, None
        return error

    def tell_of_end(self) -> None:
        """No spin call raises that any more."""
        error = self.take_of_end()
        if error is not None:
            self._report.handle("Exception at the end of a context", error)

    def _keep(self, source: object, origin: str, error: BaseException) -> None:
        if self._closed or (self.first is not None and not _ends_the_program(error)):
            when = "the end of its executor" if self._closed else "the first one"
            self._report.handle(f"Exception in {origin} after {when}", error)
            return
        if self.first is not None:
            if _ends_the_program(self.first):
                return  # it ends already, and that is all that the second one asks for
            if not self._told:
                self._report.handle("Exception before one that ends the program", self.first)
        self.first, self._told = error, False
        if self._body is not None and not self._body.cancel():
            if _ends_the_program(error):
                self.first = None
                self._body.raise_in_loop(error)  # as that of any other callback
            else:
                message = f"Exception in {origin}; it is raised when the block of its executor ends"
                self._report.handle(message, error)
                self._report.log(source, f"{message}: {brief(error)}")
                self._told = True
        self._end_run()

    def _ask(self, on_error: OnError, error: BaseException, origin: str) -> BaseException | None:
        """Return what to raise; None if all goes on."""
        try:
            result = cast("Callable[[BaseException, str], object]", on_error)(error, origin)
        except BaseException as raised:
            if raised is not error and raised.__cause__ is None and raised.__context__ is None:
                raised.__context__ = error
            return raised
        if is_coroutine(result):
            result.close()
            wrong = TypeError("on_error must be a function, not a coroutine function")
            wrong.__cause__ = error
            return wrong
        return None

    def enter_body(self, frame: FrameType | None) -> None:
        """From now on the first exception cancels the body of ``async with``.

        :param frame: of the coroutine that has written it; None if there is none.
        """
        self._body = Body(frame)

    def in_block(self) -> bool:
        """True while the body of ``async with`` runs."""
        return self._body is not None

    def forget_body(self) -> None:
        """Nothing runs the body any more."""
        self._body = None

    def take_back(self) -> bool:
        """The body has ended: take its cancellation back, as `Body.take_back` does."""
        return self._body is not None and self._body.take_back()

    async def leave_body(self, error: BaseException | None) -> None:
        """The body has ended, with ``error`` or without, and its cancellation is taken back."""
        body, self._body = self._body, None
        if body is not None:
            await body.let_arrive(error)

    def raise_first(self, instead_of: BaseException | None = None) -> None:
        """Raise the exception that was kept, as it is.

        :param instead_of: is being raised; it shows in the traceback of the other, or is told of,
            unless it is a CancelledError.
        """
        error, self.first = self.first, None
        if error is None:
            return
        if instead_of is not None and not isinstance(instead_of, asyncio.CancelledError):
            self._show(error, instead_of)
        context = error.__context__
        try:
            raise error
        finally:
            with contextlib.suppress(Exception):  # its class may be frozen
                error.__context__ = context
            del error, context  # no cycle of the exception and this frame

    def _show(self, error: BaseException, other: BaseException) -> None:
        with contextlib.suppress(Exception):  # the class of one of them may be frozen
            if _show_with(error, other):
                return
        self._report.handle("Exception in the body of a block that another one has ended", other)

    def raise_after(self, error: BaseException | None) -> None:
        """Raise what came while the executor ended; but hand it on if ``error`` is raised already.

        That is the first one, then.
        """
        if self.first is not None and error is not None:
            first, self.first = self.first, None
            self._report.handle("Exception at the end of an executor after the first one", first)
        self.raise_first()

    def close(self) -> None:
        """Nobody raises anything any more: what is kept, and what comes yet, is handed on."""
        self._closed = True
        self.tell_of_end()
        first, self.first = self.first, None
        if first is not None and not self._told:
            self._report.handle("Exception that nobody raises any more", first)
