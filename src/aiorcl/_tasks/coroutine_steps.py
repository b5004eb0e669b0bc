# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A coroutine that the executor owns, run step by step by an asyncio task."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from aiorcl import _core
from aiorcl._loop.private import keeps_cancellation
from aiorcl._tasks.cancellations import cancel_at_suspension, task_that_cancels
from aiorcl._tasks.closed_coroutines import awaits_closed, was_closed
from aiorcl._tasks.errors import without_first_frame

if TYPE_CHECKING:
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines

# Since Python 3.12 a task can run its first step where it is made: a coroutine callback then starts
# in the turn that took its message, before any callback that is ready after it.
_make_task: Callable[..., asyncio.Task[Any]]
if sys.version_info >= (3, 12):
    _make_task = functools.partial(asyncio.Task, eager_start=True)
else:
    _make_task = asyncio.Task


# What is left for the cleanup that a user's cancellation has begun when the executor ends, and for
# that of who has not heard of the cancellation.
_CLEANUP_SEC = 1.0


_REFUSED = object()


class Outcome(Protocol):
    """Who wants to know how a coroutine ended, and which entity has its steps in its statistics.

    :ivar gate: the entity that may forbid the coroutine to begin, if one can.
    """

    @property
    def entity(self) -> _core.Entity: ...

    @property
    def gate(self) -> _core.Entity | None: ...

    def begun(self, steps: Steps) -> None: ...
    def returned(self, result: Any) -> None: ...
    def raised(self, error: BaseException) -> None: ...


class Steps(Coroutine[Any, Any, None]):
    """Passes each step on to the coroutine, and its end to ``outcome``, in the same turn.

    While ``spin_once`` runs, its one piece of work is one step. The first belongs to the callback
    that has returned the coroutine, and is never put off. Others are: a bare yield makes asyncio
    ask again in its next turn. The asyncio task itself ends well or cancelled, never with an
    exception; those are the executor's to raise.

    :ivar begins_first: what the coroutine was called with is not to be lost by its end: it comes to
        its first suspension before.
    """

    def __init__(
        self,
        owned: OwnedCoroutines,
        coroutine: Coroutine[Any, Any, Any],
        outcome: Outcome,
        owner: object | None,
    ) -> None:
        self.__name__ = getattr(coroutine, "__name__", type(coroutine).__name__)
        self.__qualname__ = getattr(coroutine, "__qualname__", self.__name__)
        self._owned = owned
        self._run = owned.run
        self._coroutine = coroutine
        self._advance = coroutine.send
        self._outcome: Outcome | None = outcome
        self._entity = outcome.entity
        self._gate = outcome.gate
        self.owner = owner
        self.task: asyncio.Task[None] | None = None
        self._cancel_wanted = False
        self._is_cancelled = False  # as a user wanted
        self._ending = self._ends_with_node = False
        self._ends_again = False
        self._late: asyncio.TimerHandle | None = None  # cancels it when its time is over
        self._had_time = False
        self._begun = False
        self.begins_first = False

    def start(self, loop: asyncio.AbstractEventLoop, context: contextvars.Context | None) -> None:
        """Make the asyncio task. On the loop's thread."""
        assert self._outcome is not None  # for a coroutine that has not ended
        self._outcome.begun(self)
        self._run.coroutine_starts(self)
        task = _make_task(self, loop=loop, name=self.__qualname__, context=context)
        if task.done():
            return
        self.task = task
        if not self._begun:
            self._run.unbegun += 1
        self._cancel_if_wanted()

    def cancel(self) -> None:
        """Throw CancelledError into the coroutine at its next step: a user wants it. Any thread."""
        self._is_cancelled = True
        self._cancel()

    def _cancel(self) -> None:
        # In this order: start() looks at the flag when it has set the task.
        self._cancel_wanted = True
        if self.task is not None:
            self._run.do_on_loop(self._cancel_if_wanted)

    def _cancel_if_wanted(self) -> None:
        if self._cancel_wanted and self.task is not None:
            self._cancel_wanted = False
            if self.task.get_loop().is_closed():
                return  # nothing would run its cleanup
            if self._late is not None:
                self._late.cancel()
                self._late = None
            if self._ending:
                self._advance = self._advance_unaware
            self.task.cancel()

    def _advance_unaware(self, value: Any) -> Any:
        # What it awaited, a task, was cancelled for it, and went on.
        self._advance = self._coroutine.send  # no cycle of this object, if it ends now
        if self._had_time:
            cancel_at_suspension()
        waits_for = self._coroutine.send(value)
        self._renew()
        return waits_for

    def _renew(self) -> None:
        """Cancel a coroutine again that has not heard of it, but may be cleaning up all the same.

        It gets time for that. When that is over it is cancelled at each suspension until it hears
        of it.
        """
        if self._had_time:
            self._advance = self._advance_unaware
        else:
            self._cancel_late()
            self._cancel_if_it_goes_on()

    def _advance_late(self, value: Any) -> Any:
        self._advance = self._coroutine.send  # as above
        waits_for = self._coroutine.send(value)
        self._advance = self._advance_late
        self._cancel_if_it_goes_on()
        return waits_for

    def _cancel_if_it_goes_on(self) -> None:
        """Do not wait for a cleanup: it has taken the cancellation back."""
        if not self._is_being_cancelled():
            self._cancel()

    def end(self, *, begun: bool = False, with_node: bool = False) -> None:
        """Cancel, but once: a second time would interrupt the cleanup that the first has begun.

        The first may have been that of a user, by us or by asyncio's own ``cancel()``, unless the
        coroutine has taken that back. But then it may not be cleaning up: it gets a while, or
        nothing might ever end it.

        :param begun: not before the first suspension.
        :param with_node: its node ends, and not the executor, whose end may follow.
        """
        goes_on = (
            self._ends_with_node and not self._cancel_wanted and not self._is_being_cancelled()
        )
        if self._ending and not goes_on:
            self.begins_first = self.begins_first and begun
            return
        self._ending, self._ends_with_node = True, with_node
        if self._is_being_cancelled() and not self._ends_again:
            if self.task is not None:
                self._run.do_on_loop(self._cancel_late)
            return
        self.begins_first = begun
        self._cancel()

    def _is_being_cancelled(self) -> bool:
        if self.task is None or self._cancel_wanted:  # the loop's thread has not got to it
            return self._is_cancelled
        return self.task.cancelling() > 0

    def _cancel_late(self) -> None:
        if self._late is not None or self.task is None:
            return
        loop = self.task.get_loop()
        if not loop.is_closed():
            self._late = loop.call_later(_CLEANUP_SEC, self._time_is_over)
            self._advance = self._advance_late

    def _time_is_over(self) -> None:
        self._had_time = True
        self._cancel()

    def end_again(self) -> None:
        """Let end() cancel a second time."""
        self._ends_again = True
        self._ending = False

    def send(self, value: Any) -> Any:
        run = self._run
        if (run.once or run.waiting) and not run.step_begins(self):
            return None
        return self._step(self._advance, value)

    def throw(self, *error: Any) -> Any:
        self._run.step_begins(self, urgent=True)  # asyncio throws once
        self._advance = self._coroutine.send
        if self.begins_first and not self._begun:
            self._cancel_wanted = True
            waits_for = self._step(self._advance, None)
            self._cancel_if_wanted()
            return waits_for
        try:
            if awaits_closed(self._coroutine):
                return self._step(self._close_here)
            is_kept = self._ending and keeps_cancellation(self._coroutine)
            if is_kept and self._had_time:
                cancel_at_suspension()
            waits_for = self._step(self._coroutine.throw, *error)
            if is_kept:
                self._renew()
            elif self._late is not None:
                self._advance = self._advance_late
                self._cancel_if_it_goes_on()
            return waits_for
        finally:
            del error  # the frame of the coroutine may keep this one, and the exception that one

    def _close_here(self) -> NoReturn:
        self._coroutine.close()
        raise asyncio.CancelledError

    def _step(self, advance: Any, *args: Any) -> Any:
        owned = self._owned
        outer, owned.running = owned.running, self
        # The dispatcher measures a first step that runs where the task is made.
        begin = 0 if self.task is None else time.monotonic_ns()
        end: BaseException | None = None
        try:
            try:
                if self._begun:
                    return advance(*args)
                self._begin()
                if self.task is None:  # which makes this step while it is made
                    self.task = asyncio.current_task()
                if self._gate is None:
                    return advance(*args)
                waits_for = self._gate.call_if_may(_REFUSED, advance, args)
                if waits_for is _REFUSED:
                    # Not closed: what is left of a callback may await something to end that.
                    return self._coroutine.throw(asyncio.CancelledError())
                return waits_for
            except BaseException as error:
                closed = was_closed(error, are_collected=owned.are_collected)
                end = error if not closed else asyncio.CancelledError()
            self._ended(end)  # here, where it is no __context__ of what this raises
        finally:
            del args, end  # as in throw()
            owned.running = outer
            if begin:
                self._look_at_duration(time.monotonic_ns() - begin)

    def _begin(self) -> None:
        self._begun = True
        self._run.coroutine_began(self)
        self._run.unbegun -= self.task is not None  # as start() has counted

    def _ended(self, end: BaseException) -> NoReturn:
        """Hand the end of the coroutine on; the asyncio task ends by what this raises."""
        if self._outcome is None:  # closed before a task that an interrupt left unknown got here
            raise StopIteration
        self._owned.ended(self)
        # No cycle may be left: the first holds this object, and the second the exception, whose
        # frames hold this object.
        self.task = None
        outcome, self._outcome = self._outcome, None
        if isinstance(end, StopIteration):
            outcome.returned(end.value)
        else:
            without_first_frame(end)  # that of _step
            outcome.raised(end)
            if isinstance(end, asyncio.CancelledError):
                # Another one: the frames that this leaves hold the first, as an argument.
                raise asyncio.CancelledError(*end.args)
        raise StopIteration

    def _look_at_duration(self, took_ns: int) -> None:
        self._entity.add_step(took_ns)
        slow_ns = self._owned.slow_ns
        if slow_ns is not None and took_ns >= slow_ns:
            self._owned.on_slow_step(self.__qualname__, took_ns, self.owner)

    def is_torn(self) -> bool:
        """Tell whether nothing runs the coroutine, though it has not ended.

        A KeyboardInterrupt has come while its task was made, or between that and its own steps.
        """
        return not self.cr_running and (self.task is None or self.task.done())

    def end_torn(self) -> None:
        """End a torn one: by a task of its own if the coroutine may await something in its cleanup.

        On a loop that runs.
        """
        if self.task is not None and not self.task.cancelled():
            self.task.exception()  # the interrupt, which asyncio has raised already
        if not self._begun or self.cr_frame is None:
            self.close()
        else:
            self.task = task_that_cancels(self, self.__qualname__)

    def close(self) -> None:
        """End the coroutine here and now, without awaiting anything; nothing if it has ended."""
        if self._outcome is None:
            return
        if not self._begun:
            self._begin()
        end: BaseException = asyncio.CancelledError()
        self._advance = self._coroutine.send
        try:
            self._coroutine.close()
        except BaseException as error:
            end = error
        try:
            self._ended(end)
        except (StopIteration, asyncio.CancelledError):
            pass
        finally:
            del end  # no cycle of the exception and this frame

    def leave_to_parent(self) -> None:
        """In a forked child: neither run nor close the coroutine, whatever becomes of its task."""
        setattr(self, "__class__", _StepsOfParent)  # whose annotation knows this class only
        _core.keep_for_ever(self)

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
    def cr_suspended(self) -> Any:
        return getattr(self._coroutine, "cr_suspended", False)

    @property
    def cr_await(self) -> Any:
        return getattr(self._coroutine, "cr_await", None)


def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel a task as a user does; if it runs a coroutine of an executor, as by `Steps.cancel`."""
    coroutine = task.get_coro()
    if isinstance(coroutine, Steps):
        coroutine.cancel()
    else:
        task.cancel()


def begins_first() -> bool:
    """Tell whether the running task is ended so that what it has to begin begins before that."""
    task = asyncio.current_task()
    coroutine = None if task is None else task.get_coro()
    return isinstance(coroutine, Steps) and coroutine.begins_first


class _StepsOfParent(Steps):
    """What a forked child has of a coroutine: a task, which is cancelled at its next step."""

    def send(self, value: Any) -> Any:
        raise asyncio.CancelledError

    def throw(self, *error: Any) -> Any:
        raise asyncio.CancelledError

    def close(self) -> None:
        pass
