# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A coroutine that the executor owns, run step by step by an asyncio task."""

from __future__ import annotations

import asyncio
import functools
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl import _core
    from aiorcl.executor import AsyncioExecutor

# Since Python 3.12 a task can run its first step where it is made: a coroutine callback then starts
# in the turn that took its message, before any callback that is ready after it.
_make_task: Callable[..., asyncio.Task[Any]]
if sys.version_info >= (3, 12):
    _make_task = functools.partial(asyncio.Task, eager_start=True)
else:
    _make_task = asyncio.Task


class Outcome(Protocol):
    """Who wants to know how a coroutine ended, and which entity has its steps in its statistics."""

    @property
    def _entity(self) -> _core.Entity: ...

    def returned(self, result: Any) -> None: ...
    def raised(self, error: BaseException) -> None: ...


class Steps(Coroutine[Any, Any, None]):
    """Passes each step on to the coroutine, and its end to ``outcome``, in the same turn.

    While ``spin_once`` runs, the first step is its one piece of work, and further steps are put
    off: a bare yield makes asyncio ask again in its next turn. The asyncio task itself ends well or
    cancelled, never with an exception; those are the executor's to raise.
    """

    def __init__(
        self,
        executor: AsyncioExecutor,
        coroutine: Coroutine[Any, Any, Any],
        outcome: Outcome,
        node: Node | None,
    ) -> None:
        self.__name__ = getattr(coroutine, "__name__", type(coroutine).__name__)
        self.__qualname__ = getattr(coroutine, "__qualname__", self.__name__)
        self._executor = executor
        self._turns = executor._turns
        self._coroutine = coroutine
        self._advance = coroutine.send
        self._outcome = outcome
        self.node = node
        self.task: asyncio.Task[None] | None = None
        self._cancel_wanted = False
        self._ending = False
        self._begun = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make the asyncio task. On the loop's thread."""
        self.task = _make_task(self, loop=loop, name=self.__qualname__)
        if not self._begun:
            self._executor._work.unbegun += 1
        if self._cancel_wanted:
            self.task.cancel()

    def cancel(self) -> None:
        """Throw CancelledError into the coroutine at its next step. Any thread."""
        task = self.task
        if task is None:
            self._cancel_wanted = True  # its first step runs now
        elif self._turns.is_here():
            task.cancel()
        else:
            self._executor._work.post(lambda: task.cancel() and False)

    def end(self) -> None:
        """Cancel, but once: a second time would interrupt the cleanup that the first has begun."""
        if not self._ending:
            self._ending = True
            self.cancel()

    def send(self, value: Any) -> Any:
        turns = self._turns
        if (turns.once or turns.waiting) and not turns.step_begins(self):
            return None
        return self._step(self._advance, value)

    def throw(self, *error: Any) -> Any:
        self._turns.step_begins(self, urgent=True)  # asyncio throws once
        return self._step(self._coroutine.throw, *error)

    def _step(self, advance: Any, *args: Any) -> Any:
        work = self._executor._work
        outer, work.running = work.running, self
        if not self._begun:
            self._begun = True
            work.unbegun -= self.task is not None  # as start() has counted
        # The dispatcher measures a first step that runs where the task is made.
        begin = 0 if self.task is None else time.monotonic_ns()
        try:
            return advance(*args)
        except BaseException as end:
            self._ended(end)
        finally:
            work.running = outer
            if begin:
                self._look_at_duration(time.monotonic_ns() - begin)

    def _ended(self, end: BaseException) -> NoReturn:
        """Hand the end of the coroutine on; the asyncio task ends by what this raises."""
        self._executor._work.ended(self)
        if isinstance(end, StopIteration):
            self._outcome.returned(end.value)
        else:
            self._outcome.raised(end)
            if isinstance(end, asyncio.CancelledError):
                raise end
        raise StopIteration

    def _look_at_duration(self, took_ns: int) -> None:
        self._outcome._entity.add_step(took_ns)
        slow_ns = self._executor._work.slow_ns
        if slow_ns is not None and took_ns >= slow_ns:
            self._executor._on_slow_step(self.__qualname__, took_ns, self.node)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("Only an asyncio task runs this")

    # What asyncio shows of a coroutine in its debug output and in Task.get_stack().
    @property
    def cr_frame(self) -> Any:
        return getattr(self._coroutine, "cr_frame", None)

    @property
    def cr_code(self) -> Any:
        return getattr(self._coroutine, "cr_code", None)

    @property
    def cr_running(self) -> Any:
        return getattr(self._coroutine, "cr_running", False)

    @property
    def cr_await(self) -> Any:
        return getattr(self._coroutine, "cr_await", None)
