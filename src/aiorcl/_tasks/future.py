# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Future: rclpy's class, with asyncio's view of cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import rclpy.task

from aiorcl._rclpy.private import is_pending, let_lock_again

T = TypeVar("T")

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.task import Future as _RclpyFuture
else:  # not generic at run time on Jazzy

    class _RclpyFuture(rclpy.task.Future, Generic[T]):
        pass


class Future(_RclpyFuture[T]):
    """A future of rclpy that any number of asyncio tasks can await, on the loop of its executor.

    rclpy's methods, with asyncio's view of cancellation: a cancelled future is done, what is set on
    it afterwards is ignored, and ``result()``, ``exception()`` and ``await`` raise CancelledError.
    As in rclpy, ``result()`` of a pending future is None, and done callbacks run on the executor.
    Complete it from any thread.
    """

    def __init__(self, *, executor: Executor | None = None) -> None:
        rclpy.task.Future.__init__(self, executor=executor)  # not that of a task
        let_lock_again(self)

    if TYPE_CHECKING:  # rclpy says None too, as its own polls

        def __await__(self) -> Generator[Any, Any, T]: ...

    def done(self) -> bool:
        """Return True if there is a result or an exception, or if it was cancelled."""
        return not is_pending(self)

    def result(self) -> T | None:
        """Return the result, or None while there is none; raise the exception that was set."""
        if self.cancelled():
            raise asyncio.CancelledError
        return super().result()

    def exception(self) -> Exception | None:
        """Return the exception that was set, or None."""
        if self.cancelled():
            raise asyncio.CancelledError
        return super().exception()

    def set_result(self, result: T) -> None:
        """Complete the future; nothing if it was cancelled."""
        if not self.cancelled():
            super().set_result(result)

    def set_exception(self, exception: Exception) -> None:
        """Complete the future with an exception; nothing if it was cancelled."""
        if not self.cancelled():
            super().set_exception(exception)
