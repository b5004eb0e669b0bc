# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Callbacks that rclpy's own coroutines call, judged by what they return instead of what they are.

Such a coroutine needs no task while its callbacks are plain functions. It gets one at the moment in
which a callback has returned a coroutine.
"""

from __future__ import annotations

import asyncio
import types
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from aiorcl._core import is_coroutine

if TYPE_CHECKING:
    from aiorcl import _core

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
    except BaseException as end:
        running.callable_for = None  # it knows the entity, and contexts of tasks keep this
        if not isinstance(end, StopIteration):
            raise
        result: T = end.value
        return result
    finally:
        _running.reset(token)
    return _Rest(coroutine)


class _Rest(Coroutine[Any, Any, T]):
    """What is left of a coroutine that was suspended outside of any task.

    Python would not await it as it is. Nor may a fresh coroutine do that: one that is cancelled or
    closed before its first step ends there, and what it was to await would not hear of it.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._is_awaited = False

    def __getattr__(self, name: str) -> Any:  # its name, and what it awaits
        return getattr(self._coroutine, name)

    def __await__(self) -> Generator[Any, None, T]:
        self._is_awaited = True
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        self._is_awaited = True
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        self._is_awaited = True
        try:
            return self._coroutine.throw(*error)
        finally:
            del error  # the frame of the coroutine may keep this one, and the exception that one

    def close(self) -> None:
        self._is_awaited = True
        self._coroutine.close()

    def __del__(self) -> None:
        if not self._is_awaited:  # as Python says it
            message = f"coroutine '{self.__qualname__}' was never awaited"
            warnings.warn(message, RuntimeWarning, source=self, stacklevel=2)


class NotCalledError(asyncio.CancelledError):
    """A callback may not begin any more, and so nothing comes of what has called it."""


_REFUSED: Any = object()


def gated(callback: Callable[..., Any], gate: _core.Entity) -> Callable[..., Any]:
    """As the callback; but NotCalledError if none of ``gate`` may begin any more."""

    def call(*args: Any) -> Any:
        result = gate.call_if_may(_REFUSED, callback, args)
        if result is _REFUSED:
            raise NotCalledError
        return result

    return call


class NotAwaitedError(asyncio.CancelledError):
    """The task is cancelled, or may not begin, before it awaits what `in_task` was given."""


async def in_task(awaitable: Awaitable[T]) -> T:
    """Await something of the user's in a task: that which runs, or the one that `begin` needs.

    :raises NotAwaitedError: as the CancelledError that it is; what needs a task may be awaited yet.
    """
    running = _running.get()
    if running is None:
        return await awaitable
    if not running.has_task:
        try:
            await _suspend()
        except BaseException as error:  # nobody goes on with it
            if is_coroutine(awaitable):
                awaitable.close()
            if not isinstance(error, asyncio.CancelledError):
                raise
            if asyncio.isfuture(awaitable):
                awaitable.cancel()  # as the task does that awaits it
            _gets_task(running)
            raise NotAwaitedError(*error.args) from None
        _gets_task(running)
    # What it runs is its own affair; and the context of each task that it begins would keep what
    # knows the entity.
    _running.set(None)
    try:
        result = await awaitable
    except GeneratorExit:  # in any context
        raise
    except BaseException:
        _running.set(running)
        raise
    _running.set(running)
    return result


def _gets_task(running: _Running) -> None:
    running.has_task = True
    _running.set(running)  # in the context of the task


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
