# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""rclpy's futures are awaited by asyncio tasks, too."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

import rclpy.task
from rclpy.executors import Executor

from aiorcl._loop.private import frame_above, running_loop
from aiorcl._rclpy.private import (
    SCHEDULE_CALLBACKS,
    executor_of,
    step_of_tasks,
    take_callbacks,
)
from aiorcl._tasks.awaiting import wait
from aiorcl._tasks.inline import InlineCallback

_rclpy_await = rclpy.task.Future.__await__
_rclpy_step = step_of_tasks()
_SUSPENDABLE = (
    inspect.CO_COROUTINE
    | inspect.CO_GENERATOR
    | inspect.CO_ITERABLE_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)


def _stepped_by_rclpy() -> bool:
    """True if the coroutines on the stack above the caller are driven by a task of rclpy."""
    frame: FrameType | None = frame_above(2)
    while frame is not None and frame.f_code.co_flags & _SUSPENDABLE:
        frame = frame.f_back
    return frame is not None and frame.f_code is _rclpy_step


def _await(self: rclpy.task.Future[Any]) -> Generator[Any, Any, Any]:
    """Await in an asyncio task without polling; in a task of rclpy, as rclpy does.

    rclpy's own yields None until the future is done, which keeps an asyncio task busy, or yields
    itself, which asyncio refuses. A loop that runs is not enough to tell the two apart: another
    executor may be polled from inside it.
    """
    loop = running_loop()
    if loop is None or asyncio.current_task(loop) is None or _stepped_by_rclpy():
        return _rclpy_await(self)
    return wait(self)


def _call_inline(schedule: Callable[[Any], None]) -> Callable[[Any], None]:
    """As the method; but what wakes an asyncio task does so at once, not as a task of an executor.

    A future calls its callbacks by the executor that it belongs to, and since 9.1.4 that is the
    first whose task awaits it: it may not run, or not before this task has gone on.
    """

    @functools.wraps(schedule)
    def wrapper(self: Any) -> None:
        inline = [] if executor_of(self) is None else take_callbacks(self, InlineCallback)
        try:
            schedule(self)
        finally:
            for callback in inline:
                callback(self)

    return wrapper


def _call_late(create_task: Callable[..., Any]) -> Callable[..., Any]:
    """As the method of rclpy's executors: the same where the future was done already."""

    @functools.wraps(create_task)
    def wrapper(self: Any, callback: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(callback, InlineCallback):
            return create_task(self, callback, *args, **kwargs)
        callback(*args)
        called: rclpy.task.Future[None] = rclpy.task.Future()
        called.set_result(None)
        return called

    return wrapper


def apply() -> None:
    """Change the classes; once."""
    future, schedule = rclpy.task.Future, SCHEDULE_CALLBACKS
    setattr(future, "__await__", _await)
    setattr(future, schedule, _call_inline(getattr(future, schedule)))
    setattr(Executor, "create_task", _call_late(Executor.create_task))
