# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Task: a function or a coroutine that its executor runs."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeGuard, TypeVar

import rclpy.task

from aiorcl._core import is_coroutine
from aiorcl._rclpy import private
from aiorcl._tasks.errors import without_first_frame
from aiorcl._tasks.future import Future

T = TypeVar("T")

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.task import Task as _RclpyTask

    from aiorcl import _core
    from aiorcl._tasks.coroutine_steps import Steps
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines
    from aiorcl._tasks.unfetched import Unfetched
else:  # not generic at run time on Jazzy

    class _RclpyTask(rclpy.task.Task, Generic[T]):
        pass


class Task(Future[T], _RclpyTask[T]):
    """A function or a coroutine that its executor runs; make one by ``executor.create_task``.

    Starts when the executor gets to it, in the order of creation. A coroutine runs as an asyncio
    task, so it can await whatever asyncio can. One that is made when its executor has ended is
    cancelled, and ``await`` raises EntityGoneError, which says why.
    """

    #: Of the function or the coroutine, once it has failed.
    name = ""
    #: Makes what who awaits it gets, if its executor had ended before.
    refused: Callable[[], BaseException] | None = None

    def __init__(
        self,
        handler: Callable[..., Any] | Coroutine[Any, Any, Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        owned: OwnedCoroutines,
        unfetched: Unfetched,
        executor: Executor,
    ) -> None:
        Future.__init__(self, executor=executor)
        if is_coroutine(handler):
            if args or kwargs:
                raise TypeError("A coroutine takes no arguments: it has got them already")
        elif is_coroutine_function(handler):
            handler, args, kwargs = handler(*args, **kwargs), (), {}
        elif not callable(handler):
            raise TypeError(f"Expected a callable or a coroutine, got {handler!r}")
        self._owned = owned
        self._unfetched = unfetched
        self._handler: Any = handler
        self._context = contextvars.copy_context()
        self._args = args
        self._kwargs = kwargs
        self._executing = False
        self._steps: Steps | None = None
        self.owner: object | None = None  # with which it ends: a node

    def __call__(self) -> bool:  # type: ignore[override]  # rclpy's tells nothing
        """Start the task; the executor does. False if that ran nothing of the user's yet."""
        handler = self._take_handler()
        if handler is None:
            return False
        if not private.is_pending(self):  # another thread has cancelled it since the line above
            self._drop(handler)
            return False
        try:
            if is_coroutine(handler):
                self._owned.start(handler, self, self.owner, self._context)
                return False
            self._run_function(handler)
            return True
        finally:
            # The frame of what fails keeps those that it was called by, the exception that frame,
            # and this object the exception: it must not be in any of those.
            del self

    def _run_function(self, function: Callable[..., Any]) -> None:
        args, kwargs = self._args or (), self._kwargs or {}
        self._args = self._kwargs = None
        self._executing = True
        try:
            result = self._context.run(function, *args, **kwargs)
        except BaseException as error:
            self.name = name_of_function(function)
            without_first_frame(error)
            self._failed(error)
        else:
            if is_coroutine(result):
                self._owned.start(result, self, context=self._context)
            else:
                self.set_result(result)
                self._let_go()
        finally:
            self._executing = False
            del self  # as above

    def cancel(self) -> None:
        """Cancel the task at once; its coroutine gets CancelledError. Any thread.

        What that raises instead can be fetched by nobody, so the executor raises it.
        """
        handler = self._take_handler()
        rclpy.task.Future.cancel(self)
        if handler is not None:
            self._drop(handler)
        if self._steps is not None:
            self._steps.cancel()

    @property
    def steps(self) -> Steps | None:
        """What runs its coroutine, while that is under way. The loop's thread."""
        return self._steps

    @property
    def entity(self) -> _core.Entity:
        """Its steps are in the statistics of tasks."""
        return self._owned.entity

    @property
    def gate(self) -> None:
        """It ends by being cancelled."""

    def begun(self, steps: Steps) -> None:
        """The coroutine is run by these."""
        self._steps = steps
        if self.cancelled():  # by another thread meanwhile
            steps.cancel()

    def _take_handler(self) -> Any:
        """Return what to run, to one thread only; None if it was taken."""
        return self.__dict__.pop("_handler", None)

    def _drop(self, handler: Any) -> None:
        if is_coroutine(handler):
            handler.close()  # it never ran
        self.never_begins()
        self._let_go()

    def _let_go(self) -> None:
        """Hold nothing of the executor any more: who keeps what has ended keeps no more."""
        for attribute in ("_owned", "_unfetched", "_context"):
            self.__dict__.pop(attribute, None)

    def executing(self) -> bool:
        """Return True while the function, or a step of the coroutine, is on the stack."""
        return self._executing or (self._steps is not None and bool(self._steps.cr_running))

    def never_begins(self) -> None:
        """The task was cancelled before it began. Any thread."""

    def returned(self, result: T) -> None:
        """The coroutine has ended."""
        self._steps = None
        self.set_result(result)
        self._let_go()

    def raised(self, error: BaseException) -> None:
        """The coroutine has ended with an exception."""
        if self._steps is not None:
            self.name = self._steps.__qualname__
        self._steps = None
        self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, asyncio.CancelledError):
            rclpy.task.Future.cancel(self)
        else:
            told = list(private.callbacks_of(self))
            self.set_exception(error)  # type: ignore[arg-type]  # a bare BaseException is an outcome too
            is_kept = private.exception_and_result_of(self)[0] is error
            if not is_kept:  # the task was cancelled before, perhaps by another thread
                self._unfetched.never(self, error)
            elif isinstance(error, Exception):
                self._unfetched.add(self, told)
            else:
                self._unfetched.never(self, self.unfetched())
        self._let_go()

    def fetched(self) -> bool:
        """True if somebody was given the exception."""
        return private.was_fetched(self)

    def unfetched(self) -> BaseException:
        """Return the exception, which nobody has fetched: the executor raises it."""
        private.note_fetched(self)
        error, _ = private.exception_and_result_of(self)
        assert error is not None  # of a task that has failed
        return error


def is_coroutine_function(
    function: object,
) -> TypeGuard[Callable[..., Coroutine[Any, Any, Any]]]:
    """Tell whether a call makes a coroutine, as far as that is written; never raises."""
    try:
        return inspect.iscoroutinefunction(function)
    except Exception:  # of an object whose __getattr__ raises what it likes
        return False


def name_of_function(function: object) -> str:
    """Name a function, or whatever else can be called, for the user; never raises."""
    with contextlib.suppress(Exception):  # of an object whose attributes are another's, or nobody's
        inner = getattr(function, "func", function)  # of a functools.partial
        name = getattr(inner, "__qualname__", None)
        return name if name and isinstance(name, str) else type(inner).__qualname__
    return type(function).__qualname__
