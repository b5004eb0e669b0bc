# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Cancellations that come while a task is in a block, which may raise something else."""

from __future__ import annotations

import asyncio

from aiorcl._loop.private import cancels_at_next_step


class Cancellations:
    """Those of the current task that it hears of from now on, but for what was taken back by then.

    Who has cancelled the task (a timeout, say) expects it to hear of that. If another exception
    leaves the block, the task is cancelled anew, as by ``asyncio.TaskGroup``, but not before it
    waits for something: where the exception has left the timeout by then, that has taken its
    cancellation back.

    :param is_heard_of: what is on its way to the task does not count.
    """

    def __init__(self, *, is_heard_of: bool = False) -> None:
        self._task = asyncio.current_task()
        self._before = self._count()
        if self._task is not None and cancels_at_next_step(self._task) and not is_heard_of:
            self._before -= 1  # by a line of its own, say, and no await since

    def _count(self) -> int:
        return 0 if self._task is None else self._task.cancelling()

    def are_of_current_task(self) -> bool:
        """True in the task that has made this object."""
        return self._task is asyncio.current_task()

    def deliver_later(self, cancellation: asyncio.CancelledError | None) -> None:
        """Cancel the task anew at its next await, if there are any.

        :param cancellation: the last one, if it is known.
        """
        count = self._count()
        if count > self._before:
            message = cancellation.args[0] if cancellation and cancellation.args else None
            asyncio.get_running_loop().call_soon(self._deliver, count, message)

    def _deliver(self, count: int, message: object) -> None:
        # Another count: one was taken back, or another one has come, which the task hears of.
        if self._task is not None and self._count() == count:
            self._task.uncancel()
            self._task.cancel(message)
