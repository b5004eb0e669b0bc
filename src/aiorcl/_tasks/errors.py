# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of an exception that leaves a callback or a task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

OnError = Callable[[BaseException, str], None]


class Errors:
    """Keeps the first exception until the call that runs the executor raises it; ends that call.

    SystemExit and KeyboardInterrupt go before any other and are not handed to ``on_error``. Further
    ones go to the exception handler of the loop, so that none is lost. On the loop's thread.
    """

    def __init__(
        self,
        on_error: OnError | None,
        end_run: Callable[[], None],
        report: Callable[[str, BaseException], None],
    ) -> None:
        self._end_run = end_run
        self._report = report
        self._on_error = on_error
        self._first: BaseException | None = None
        self._body: asyncio.Task[object] | None = None  # of async with
        self._body_cancelled = False

    def add(self, source: object, error: BaseException) -> None:
        """Hand the exception to ``on_error``; without it, keep it and end the run."""
        label = getattr(source, "label", "task")
        ends_the_program = isinstance(error, (SystemExit, KeyboardInterrupt))
        if self._on_error is not None and not ends_the_program:
            try:
                self._on_error(error, label)
                return
            except Exception as raised:
                error = raised
        if self._first is not None and not ends_the_program:
            self._report(f"Exception in {label} after the first one", error)
            return
        self._first = error
        if self._body is not None:
            self._body_cancelled = True
            self._body.cancel()
        self._end_run()

    def enter_body(self) -> None:
        """From now on the first exception cancels the current task, the body of ``async with``."""
        self._body = asyncio.current_task()

    def in_block(self) -> bool:
        """True while the body of ``async with`` runs."""
        return self._body is not None

    async def leave_body(self, error: BaseException | None) -> None:
        """The body has ended, with ``error`` or without: take its cancellation back."""
        body, self._body = self._body, None
        if body is None or not self._body_cancelled:
            return
        body.uncancel()
        if error is None:  # it ended before its cancellation arrived
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                pass

    def raise_first(self) -> None:
        """Raise the exception that was kept, as it is."""
        error, self._first = self._first, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # no cycle of the exception and this frame
