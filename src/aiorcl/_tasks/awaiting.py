# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How an asyncio task awaits a future of rclpy."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Set
from typing import Any, TypeVar

import rclpy.task

from aiorcl._loop.aside import loop_here
from aiorcl._loop.private import running_loop
from aiorcl._loop.run import loop_of
from aiorcl._loop.waiters import wake
from aiorcl._rclpy.private import (
    callbacks_of,
    exception_and_result_of,
    executor_of,
    is_pending,
    remove_done_callback,
)
from aiorcl._tasks.awaiters import awaiters_of
from aiorcl._tasks.inline import InlineCallback
from aiorcl._tasks.unfetched import abandon
from aiorcl._tasks.unwanted_requests import drop_unwanted

T = TypeVar("T")


class _Waiter(InlineCallback):
    """Wakes one asyncio task that awaits a future of rclpy, from any thread."""

    __slots__ = ("loop", "waiter")

    awaits = True

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiter: asyncio.Future[None] = loop.create_future()

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        if running_loop() is self.loop or loop_here() is self.loop:
            wake(self.waiter)
            return
        try:
            self.loop.call_soon_threadsafe(wake, self.waiter)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more


def wait(future: rclpy.task.Future[T]) -> Generator[Any, None, T | None]:
    """Await a future of rclpy in an asyncio task: what ``__await__`` of such a future yields from.

    Costs nothing while it waits. When the last task that awaits the answer of a service is
    cancelled, the pending request is dropped; when it awaits a goal or its result, the goal is
    cancelled.

    :raises asyncio.CancelledError: if the future is or gets cancelled.
    :raises EntityGoneError: if it is a task of an executor that had ended before.
    :raises RuntimeError: if the future belongs to an executor on another loop.
    """
    if is_pending(future):
        loop = asyncio.get_running_loop()
        _check_loop(future, loop)
        waiter = _Waiter(loop)
        future.add_done_callback(waiter)
        if not is_pending(future):  # by a signal handler, before the callback was in its place
            wake(waiter.waiter)
        try:
            yield from waiter.waiter
        except BaseException:
            if is_pending(future):
                remove_done_callback(future, waiter)
            else:
                abandon(future)
            drop_unwanted(future)
            raise
    # result() would be two more calls, and cancelled(), which has no result, one.
    result: T | None
    error, result = exception_and_result_of(future)
    if error is None and result is not None:
        return result
    if future.cancelled():
        # Nobody has cancelled who awaits a task that was never accepted.
        refused = getattr(future, "refused", None)
        raise asyncio.CancelledError if refused is None else refused()
    if error is None:
        return None
    future.exception()  # which notes that it was fetched
    try:
        raise error
    finally:
        del error, future  # no cycle of the exception, which the future keeps, and this frame


def is_awaited_on(loop: asyncio.AbstractEventLoop, future: rclpy.task.Future[Any]) -> bool:
    """Tell whether a task of a loop awaits a future of rclpy. Any thread."""
    return any(each.loop is loop for each in _waiters_of(future))


def is_awaited_by(tasks: Set[asyncio.Task[Any]], future: rclpy.task.Future[Any]) -> bool:
    """Tell whether one of these tasks awaits a future of rclpy, or others that do."""
    return any(not tasks.isdisjoint(awaiters_of(each.waiter)) for each in _waiters_of(future))


def _waiters_of(future: rclpy.task.Future[Any]) -> list[_Waiter]:
    callbacks = list(callbacks_of(future)) if is_pending(future) else []
    return [each for each in callbacks if isinstance(each, _Waiter)]


def _check_loop(future: rclpy.task.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
    executor = executor_of(future)
    bound = None if executor is None else loop_of(executor)
    if bound is not None and bound is not loop:
        raise RuntimeError(
            f"{future!r} belongs to an executor on another event loop; await it there, or hand its "
            "result over with asyncio.run_coroutine_threadsafe()"
        )
