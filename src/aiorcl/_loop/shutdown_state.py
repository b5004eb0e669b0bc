# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How far an executor has come to its end."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any

from aiorcl._loop.aside import loop_here
from aiorcl._loop.brief import brief
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.private import cancels_at_next_step

#: What is said to whoever begins something of an executor that has ended.
WAS_SHUT_DOWN = "The executor was shut down"


class Reason(str):
    """Why nothing is served any more.

    :ivar error: that ended the executor, if one did.
    :ivar is_to_cancel: the executor that was shut down, and has yet to cancel who asked; if any.
    """

    __slots__ = ("error", "is_to_cancel")

    error: BaseException | None
    is_to_cancel: weakref.ref[ShutdownState] | None

    def __new__(
        cls,
        text: str,
        error: BaseException | None = None,
        is_to_cancel: weakref.ref[ShutdownState] | None = None,
    ) -> Reason:
        """Make one."""
        reason = super().__new__(cls, text)
        reason.error = error
        reason.is_to_cancel = is_to_cancel
        return reason

    def of(self, what: str) -> Reason:
        """Return the same as the reason for something."""
        return Reason(f"{what}: {self}", self.error, self.is_to_cancel)


# Of each executor. Weakly: an error knows by its traceback what would then never be collected.
_states: ByIdentity[Any, weakref.ref[ShutdownState]] = ByIdentity()


def shutdown_state_of(executor: object) -> ShutdownState | None:
    """Return how far an executor has come; None for executors of others. Any thread."""
    found = _states.get(executor)
    return None if found is None else found()


class ShutdownState:
    """What has ended of one executor; nothing of it comes back. Any thread.

    :ivar shut_down: nothing new begins.
    :ivar has_cancelled: and what was under way was cancelled.
    :ivar let_go: nothing is left that the middleware could call.
    :ivar goes_down: rclpy shuts the context down now, and destroys its nodes before.
    :ivar context_down: the context was shut down.
    :ivar context_down_outside: and not by a callback of this executor.
    :ivar is_parents: this is a forked child, and all of it is the parent's.
    :ivar none_left: everything that was under way has ended.
    :ivar only_workers_left: what has not is callbacks in worker threads.
    :ivar error: what left its block, and so has ended it.
    """

    def __init__(self, executor: object) -> None:
        _states[executor] = weakref.ref(self)
        self.error: BaseException | None = None
        self.shut_down = self.has_cancelled = False
        self.let_go = False
        self.is_parents = False
        self.goes_down = False
        self.context_down = self.context_down_outside = False
        self.none_left = self.only_workers_left = False

    def nothing_answers(self) -> bool:
        """True if nothing of this executor gets an answer any more, but what still cleans up."""
        return self.shut_down or self.context_down

    def nobody_is_answered(self) -> bool:
        """True if not even the coroutines get answers any more that clean up."""
        return self.context_ends() or self.none_left or self.only_workers_left

    def context_ends(self) -> bool:
        """True from when rclpy begins to shut the context down."""
        return self.context_down or self.goes_down

    def why(self) -> str | None:
        """Return why nothing is served any more; None while it goes on."""
        if self.context_ends():
            return "The context is shut down"
        if self.error is not None:
            return Reason(f"The executor was ended by {brief(self.error)}", self.error)
        if not self.shut_down:
            return None
        is_to_cancel: weakref.ref[ShutdownState] | None = None
        if self._is_to_cancel_caller():
            is_to_cancel = weakref.ref(self)
        return Reason(WAS_SHUT_DOWN, is_to_cancel=is_to_cancel)

    def _is_to_cancel_caller(self) -> bool:
        """True if the end has not come to the cancellations, or the caller has not got its own."""
        if not self.has_cancelled:
            return True
        loop = loop_here()
        task = None if loop is None else asyncio.current_task(loop)
        return task is not None and cancels_at_next_step(task)
