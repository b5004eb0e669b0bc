# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Callbacks that rclpy's own coroutines call, judged by what they return instead of what they are.

Such a coroutine needs no task while its callbacks are plain functions. It gets one at the moment in
which a callback has returned a coroutine.
"""

from __future__ import annotations

import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import Any, Generic, TypeAlias, TypeVar

from aiorcl._core import is_coroutine

T = TypeVar("T")
CallableFor: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]


class _Running:
    """A coroutine that `begin` runs: what it calls callbacks by, and whether it has a task."""

    __slots__ = ("callable_for", "has_task")

    def __init__(self, callable_for: CallableFor | None) -> None:
        self.callable_for = callable_for
        self.has_task = False


# None outside of such a coroutine.
_running: ContextVar[_Running | None] = ContextVar("aiorcl_running", default=None)


def begin(
    coroutine: Coroutine[Any, Any, T], callable_for: CallableFor | None = None
) -> T | Coroutine[Any, Any, T]:
    """Run a coroutine until it returns, or awaits what `in_task` is given.

    That is what a callback has returned, in one of rclpy's.

    :param callable_for: makes of a callback what is called in its place.
    :return: its result, or what is left of it, which needs a task.
    """
    running = _Running(callable_for)
    token = _running.set(running)
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        _running.reset(token)
    return _rest_of(coroutine, running)


async def _rest_of(coroutine: Coroutine[Any, Any, T], running: _Running) -> T:
    running.has_task = True
    _running.set(running)
    return await _Begun(coroutine)


async def in_task(awaitable: Awaitable[T]) -> T:
    """Await something of the user's in a task: that which runs, or the one that `begin` needs."""
    running = _running.get()
    if running is not None and not running.has_task:
        try:
            await _suspend()
        except BaseException:  # nobody goes on with it
            if is_coroutine(awaitable):
                awaitable.close()
            raise
    return await awaitable


class _Begun(Generic[T]):
    """A coroutine that was suspended outside of any task, which Python would not await any more."""

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, None, T]:
        return self._coroutine.__await__()


@types.coroutine
def _suspend() -> Generator[None, None, None]:
    yield


def judged(await_or_execute: Callable[..., Any]) -> Callable[..., Any]:
    """As rclpy's function, which asks what the callback is; in what `begin` runs, by its result."""

    async def wrapper(callback: Callable[..., Any], *args: Any) -> Any:
        running = _running.get()
        if running is None:
            return await await_or_execute(callback, *args)
        if running.callable_for is not None:
            callback = running.callable_for(callback)
        _running.set(None)  # whatever the callback runs is its own affair
        try:
            result = callback(*args)
        finally:
            _running.set(running)
        if not is_coroutine(result):
            return result
        return await in_task(result)

    return wrapper
