# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Calls that block a thread until an executor brings something, or ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import rclpy.task
from rclpy.exceptions import NotInitializedException

from aiorcl._rclpy.private import callbacks_of, remove_done_callback
from aiorcl._tasks.inline import InlineCallback

if TYPE_CHECKING:
    from typing import Self

    from rclpy.node import Node

    from aiorcl._tasks.workers import Workers


class _Wait(NamedTuple):
    """Of a call that waits for a response: the node of its client, and `Workers.wait_for`."""

    node: Node
    outlasts: bool


# Those that wait for a response, by the future on which they do; and those that sleep. Of all
# executors, as nodes move between them meanwhile.
_waits: dict[rclpy.task.Future[Any], _Wait] = {}
_sleeps: set[Sleep] = set()


# What rclpy raises of contexts, entities and rates that are no more: InvalidHandle and RCLError are
# RuntimeErrors, too.
OF_WHAT_IS_GONE = (NotInitializedException, RuntimeError)


class UnansweredError(asyncio.CancelledError):
    """Ends a call that waits in a thread for what an executor would have brought that has ended."""


def unanswered(context_is_down: bool) -> BaseException | None:
    """Return what is raised out of a call that blocks: nothing answers any more."""
    return UnansweredError()


def twin_of(
    future: rclpy.task.Future[Any], node: Node, *, outlasts: bool
) -> rclpy.task.Future[Any]:
    """Return a future on no executor that becomes what ``future`` becomes. Any thread.

    :param node: whose executor ends the wait for it.
    :param outlasts: as of `Workers.wait_for`.
    """
    twin: rclpy.task.Future[Any] = rclpy.task.Future()
    _waits[twin] = _Wait(node, outlasts)
    future.add_done_callback(_Completes(twin))
    return twin


def discard_wait(twin: rclpy.task.Future[Any]) -> bool:
    """Nobody waits for this one any more; False if nobody did. Any thread."""
    return _waits.pop(twin, None) is not None


def blocks_thread(future: rclpy.task.Future[Any]) -> bool:
    """Tell whether a call that blocks a thread waits for a future, by a twin of it. Any thread."""
    return any(isinstance(callback, _Completes) for callback in list(callbacks_of(future)))


def leave(future: rclpy.task.Future[Any]) -> None:
    """Let no twin wait for a future any more: it is as it was before it had one."""
    for callback in list(callbacks_of(future)):
        if isinstance(callback, _Completes):
            remove_done_callback(future, callback)


def cancel_waits_on(has: Callable[[Node], bool], *, context_is_down: bool) -> None:
    """End the waits for responses to the nodes of one executor. Any thread."""
    for twin in list(_waits):  # no pairs: to make those may bring the collector
        wait = _waits.get(twin)
        if wait is None or not has(wait.node) or (wait.outlasts and not context_is_down):
            continue
        if discard_wait(twin) and not twin.done():
            twin.set_exception(UnansweredError())  # type: ignore[arg-type]


def cancel_sleeps_of(workers: Workers) -> None:
    """End the calls that the end of the executor of these wakes, as they say. Any thread."""
    for sleep in list(_sleeps):
        if sleep.is_of(workers):
            sleep.cancel(workers)


class Sleep:
    """A call that blocks until something comes, between ``with`` and its end.

    The end of the executor wakes it, and raises at the end of the ``with``; see `Workers.sleep`.
    What the call raises because entities have gone with the context or after the end says no more,
    and gives way to that.

    :ivar cancelled: that has happened.
    :ivar error: what is raised for it, if anything.
    """

    def __init__(
        self,
        workers: Workers,
        wake: Callable[[], object],
        node: Node | None,
        error: Callable[[bool], BaseException | None],
        outlasts: bool,
    ) -> None:
        self._workers = workers
        self._node = node
        self._make_error = error
        self._outlasts = outlasts
        #: Wakes the thread, which may sleep again. Any thread.
        self.wake = wake
        self.cancelled = False
        self.error: BaseException | None = None

    def __enter__(self) -> Self:
        _sleeps.add(self)
        if self._workers.nothing_answers() and self.is_of(self._workers):
            self.cancel(self._workers)
        return self

    def is_of(self, workers: Workers) -> bool:
        """Tell whether the end of this executor wakes it."""
        return workers is self._workers if self._node is None else workers.has(self._node)

    def cancel(self, workers: Workers) -> None:
        """Wake the thread, unless it outlasts the end of the executor of these. Any thread."""
        context_is_down = workers.context_ends()
        if self._outlasts and not context_is_down:
            return
        self.error = self._make_error(context_is_down)
        self.cancelled = True
        self.wake()

    def look(self) -> None:
        """Cancel, if the context ends: the thread may meet that before anybody tells of it."""
        if not self.cancelled and self._workers.context_ends():
            self.cancel(self._workers)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _sleeps.discard(self)
        gives_way = isinstance(exc, OF_WHAT_IS_GONE)
        if gives_way:
            self.look()
        if not self.cancelled:
            return
        for other in list(_sleeps):
            if other.cancelled:  # and perhaps put to sleep again: sleepers of a rate share an event
                other.wake()
        error, self.error = self.error, None
        try:
            if error is not None and (exc is None or gives_way):
                raise error from None
        finally:
            del error  # no cycle of the exception and this frame


class _Completes(InlineCallback):
    """A done callback that hands the outcome of a future on to its twin."""

    __slots__ = ("_twin",)

    def __init__(self, twin: rclpy.task.Future[Any]) -> None:
        self._twin = twin

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        if not discard_wait(self._twin):
            return
        if future.cancelled():
            self._twin.set_exception(asyncio.CancelledError())  # type: ignore[arg-type]
        elif (error := future.exception()) is not None:
            self._twin.set_exception(error)
        else:
            self._twin.set_result(future.result())
