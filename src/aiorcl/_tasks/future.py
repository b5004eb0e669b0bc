# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Futures and tasks: rclpy's classes, which asyncio can await too."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import rclpy.task

from aiorcl._tasks.inline import InlineCallback
from aiorcl._tasks.unawaited import drop_unwanted

T = TypeVar("T")

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.task import Future as _RclpyFuture
    from rclpy.task import Task as _RclpyTask

    from aiorcl import _core
    from aiorcl._tasks.steps import Steps
    from aiorcl.executor import AsyncioExecutor
else:  # not generic at run time on Jazzy

    class _RclpyFuture(rclpy.task.Future, Generic[T]):
        pass

    class _RclpyTask(rclpy.task.Task, Generic[T]):
        pass


class _Waiter(InlineCallback):
    """Wakes one asyncio task that awaits a future of rclpy, from any thread."""

    __slots__ = ("loop", "waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiter: asyncio.Future[None] = loop.create_future()

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        if asyncio._get_running_loop() is self.loop:
            if not self.waiter.done():
                self.waiter.set_result(None)
            return
        try:
            self.loop.call_soon_threadsafe(self._wake)
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    def _wake(self) -> None:
        if not self.waiter.done():
            self.waiter.set_result(None)


def wait(future: rclpy.task.Future[T]) -> Generator[Any, None, T | None]:
    """Await a future of rclpy in an asyncio task: what ``__await__`` of such a future yields from.

    Costs nothing while it waits. When the last task that awaits the answer of a service is
    cancelled, the pending request is dropped; when it awaits a goal or its result, the goal is
    cancelled.

    :raises asyncio.CancelledError: if the future is or gets cancelled.
    :raises RuntimeError: if the future belongs to an executor on another loop.
    """
    if future._pending():
        loop = asyncio.get_running_loop()
        _check_loop(future, loop)
        waiter = _Waiter(loop)
        future.add_done_callback(waiter)
        try:
            yield from waiter.waiter
        except BaseException:
            if future._pending():
                future.remove_done_callback(waiter)
            drop_unwanted(future)
            raise
    if future.cancelled():
        raise asyncio.CancelledError
    # result() would be two more calls.
    return future._result if future._exception is None else future.result()


def _check_loop(future: rclpy.task.Future[Any], loop: asyncio.AbstractEventLoop) -> None:
    executor = future._executor() if future._executor is not None else None
    bound = getattr(executor, "_loop", None)
    if bound is not None and bound is not loop:
        raise RuntimeError(
            f"{future!r} belongs to an executor on another event loop; await it there, or hand its "
            "result over with asyncio.run_coroutine_threadsafe()"
        )


class Future(_RclpyFuture[T]):
    """A future of rclpy that any number of asyncio tasks can await, on the loop of its executor.

    rclpy's methods, with asyncio's view of cancellation: a cancelled future is done, what is set on
    it afterwards is ignored, and ``result()``, ``exception()`` and ``await`` raise CancelledError.
    As in rclpy, ``result()`` of a pending future is None, and done callbacks run on the executor.
    Complete it from any thread.
    """

    def done(self) -> bool:
        """Return True if there is a result or an exception, or if it was cancelled."""
        return not self._pending()

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


class Task(Future[T], _RclpyTask[T]):
    """A function or a coroutine that its executor runs; make one by ``executor.create_task``.

    Starts when the executor gets to it, in the order of creation. A coroutine runs as an asyncio
    task, so it can await whatever asyncio can.
    """

    def __init__(
        self,
        handler: Callable[..., Any] | Coroutine[Any, Any, Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        executor: AsyncioExecutor,
    ) -> None:
        Future.__init__(self, executor=executor)
        if inspect.iscoroutine(handler):
            if args or kwargs:
                raise TypeError("A coroutine takes no arguments: it has got them already")
        elif inspect.iscoroutinefunction(handler):
            handler, args, kwargs = handler(*args, **kwargs), (), {}
        elif not callable(handler):
            raise TypeError(f"Expected a callable or a coroutine, got {handler!r}")
        self._handler: Any = handler
        self._args = args
        self._kwargs = kwargs
        self._executing = False
        self._steps: Steps | None = None
        self._node: Node | None = None  # with which it ends

    def __call__(self) -> bool:  # type: ignore[override]  # rclpy's tells nothing
        """Start the task; the executor does. False if that ran nothing of the user's yet."""
        executor = self._owner()
        handler, self._handler = self._handler, None
        if executor is None or not self._pending() or handler is None:
            return False
        if inspect.iscoroutine(handler):
            executor._work.start(handler, self, self._node)
            return False
        args, kwargs = self._args or (), self._kwargs or {}
        self._complete_task()
        self._executing = True
        try:
            result = handler(*args, **kwargs)
        except BaseException as error:
            self._failed(error)
            executor._on_error(self, error)
        else:
            if inspect.iscoroutine(result):
                executor._work.start(result, self)
            else:
                self.set_result(result)
        finally:
            self._executing = False
        return True

    def cancel(self) -> None:
        """Cancel the task at once; its coroutine gets CancelledError. Any thread."""
        handler, self._handler = self._handler, None
        if inspect.iscoroutine(handler):
            handler.close()  # it never ran
        rclpy.task.Future.cancel(self)
        if self._steps is not None:
            self._steps.cancel()

    @property
    def _entity(self) -> _core.Entity:
        """Its steps are in the statistics of the executor's own work."""
        executor = self._owner()
        assert executor is not None  # which runs it
        return executor._work.entity

    def executing(self) -> bool:
        """Return True while the function, or a step of the coroutine, is on the stack."""
        return self._executing or (self._steps is not None and bool(self._steps.cr_running))

    def returned(self, result: T) -> None:
        """The coroutine has ended."""
        self.set_result(result)

    def raised(self, error: BaseException) -> None:
        """The coroutine has ended with an exception."""
        executor = self._owner()
        self._failed(error)
        if executor is not None and not isinstance(error, asyncio.CancelledError):
            executor._on_error(self, error)

    def _owner(self) -> AsyncioExecutor | None:
        executor = self._executor() if self._executor is not None else None
        return cast("AsyncioExecutor | None", executor)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            rclpy.task.Future.cancel(self)
        else:
            self.set_exception(error)  # type: ignore[arg-type]  # a bare BaseException is an outcome too
            self._exception_fetched = True  # the executor raises it: nobody has to fetch it
