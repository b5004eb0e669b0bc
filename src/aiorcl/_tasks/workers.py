# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The worker threads of an executor, which run callbacks."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import rclpy.task

from aiorcl._core import is_coroutine
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.interpreter_exit import is_left_alone, leave_alone
from aiorcl._loop.private import frames_of_threads
from aiorcl._rclpy.private import names
from aiorcl._tasks.awaited_futures import awaited_in
from aiorcl._tasks.blocked_calls import (
    Sleep,
    UnansweredError,
    cancel_sleeps_of,
    cancel_waits_on,
    twin_of,
    unanswered,
)
from aiorcl._tasks.cancellations import cancel_at_suspension, task_that_cancels
from aiorcl._tasks.coroutine_steps import begins_first
from aiorcl._tasks.groups import LoopCallbackGroup, ThreadCallbackGroup
from aiorcl._tasks.task import is_coroutine_function, name_of_function
from aiorcl._tasks.worker_call import Call, Cancellable, submit

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.node import Node

    from aiorcl import _core
    from aiorcl._loop.shutdown_state import ShutdownState


class _Thread(threading.local):
    """Of each thread: whose worker it is."""

    workers: weakref.ref[Workers] | None = None


_thread = _Thread()


def _begin(workers: weakref.ref[Workers]) -> None:
    _thread.workers = workers


class Workers:
    """The worker threads of one executor, and the calls that wait on any thread for a response.

    Threads are made when they are needed, and end with the executor or with their group.

    :param state: how far the executor has come to its end.
    :param context: of the executor.
    :param nothing_answers: True when it, the context or the interpreter has ended.
    :param threads: so many run the callbacks of all groups that have none of their own, which were
        written for rclpy; if None, the loop's thread does.
    :ivar threads: as given.
    :ivar spin_inside: in a callback runs the executor until a future is done, or ``timeout`` is
        over; None for an executor that cannot be.
    :ivar told_context: of which they hear by ``rclpy.ok()`` that it is down when they hold up the
        end, if any: the program ends with the executor.
    """

    def __init__(
        self,
        executor: weakref.ref[Any],
        state: ShutdownState,
        context: _core.ContextState,
        nothing_answers: Callable[[], bool],
        threads: int | None = None,
    ) -> None:
        self._executor = executor
        _workers_of[executor()] = weakref.ref(self)
        self._state = state
        self._context = context
        #: As given.
        self.nothing_answers = nothing_answers
        #: Takes what nobody who awaits the callback of an entity would tell: what a handler of a
        #: signal has raised, or a cancellation that is nobody's. The loop's thread.
        self.on_error: Callable[[object, BaseException], None] = lambda entity, error: None
        self._pools: ByIdentity[ThreadCallbackGroup, ThreadPoolExecutor] = ByIdentity()
        self._calls: set[Call] = set()
        # Those of which nobody awaits the end any more: their loop was closed.
        self._left: dict[Call, threading.Event] = {}
        self._are_abandoned = False
        self.spin_inside: Callable[..., None] | None = None
        self.told_context: object = None
        self.threads = threads
        self._pool_of_all = None if threads is None else self._make_pool(threads)

    @property
    def running(self) -> int:
        """How many callbacks workers run, or are about to; each in one coroutine."""
        return len(self._calls)

    def keep_interpreter(self) -> bool:
        """True if callbacks keep threads, or will, and none was left alone. Any thread.

        The loop, which may not run, need not know when one has returned.
        """
        calls = [call for call in list(self._calls) if not call.is_over()]
        return bool(calls) and not any(is_left_alone(call) for call in calls)

    def hold_up(self) -> bool:
        """True if nothing but their callbacks is left of an executor that ends. Any thread."""
        return self._state.only_workers_left

    def context_ends(self) -> bool:
        """True from when the context goes down, also if nobody has told of it. Any thread."""
        return self._state.context_ends() or not self._context.is_up

    def are_of(self, context: Context) -> bool:
        """Tell whether this is the context of the executor. Any thread."""
        executor = self._executor()
        return executor is not None and executor.context is context

    def calls_of(self, group: object) -> Callable[..., Any] | None:
        """Return what makes of a callback of a group one that runs in a worker; None: no worker."""
        pool = self._pool_for(group)
        return None if pool is None else functools.partial(self.in_worker, pool, group)

    def calls_in_shared(self, group: object) -> Callable[..., Any] | None:
        """The same where the group has no threads of its own; else None.

        Of what a ThreadCallbackGroup leaves on the loop: callbacks that execute goals may have all
        its threads, while one has to decide on a cancellation.
        """
        return None if isinstance(group, ThreadCallbackGroup) else self.calls_of(group)

    def count_returned(self, group: object) -> int:
        """Return how many callbacks have left their place in a group, before the loop hears of it.

        Nobody may run that. Any thread.
        """
        return sum(call.group is group and call.has_returned() for call in list(self._calls))

    def _pool_for(self, group: object) -> ThreadPoolExecutor | None:
        if isinstance(group, LoopCallbackGroup):
            return None
        if not isinstance(group, ThreadCallbackGroup):
            return self._pool_of_all
        pool = self._pools.get(group)
        if pool is None:
            pool = self._pools[group] = self._make_pool(group.limit)
        return pool

    def _make_pool(self, threads: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(
            threads,
            thread_name_prefix="aiorcl worker",
            initializer=_begin,
            initargs=(weakref.ref(self),),
        )

    def in_worker(
        self,
        pool: ThreadPoolExecutor,
        group: object,
        callback: Callable[..., Any],
        entity: _core.Entity | None = None,
        source: object = None,
    ) -> Callable[..., Any]:
        """Return a coroutine function that calls ``callback``, of an entity, in a worker.

        A coroutine that it returns goes on on the loop, and a coroutine function is called there.

        :param group: in which it has a place; None if in none.
        :param source: as of `Call`.
        """
        if is_coroutine_function(callback):
            return callback

        async def call(*args: Any, **kwargs: Any) -> Any:
            function = functools.partial(callback, *args, **kwargs)
            pending = Call(function, entity, self.nothing_answers, group, source)
            self._calls.add(pending)
            try:
                cancellation = await pending.end(self._submit(pool, pending))
            except GeneratorExit:
                if (ended := pending.leave()) is not None:
                    self._left[pending] = ended
                raise
            finally:
                self._calls.discard(pending)
            try:
                try:
                    result = pending.result()
                except CancelledError:
                    if pending.is_wait_cancelled:
                        raise UnansweredError from None
                    raise
                except asyncio.CancelledError as error:
                    is_expected = pending.is_refused or isinstance(error, UnansweredError)
                    is_expected = is_expected or cancellation is not None or self.nothing_answers()
                    if entity is not None and not is_expected:  # else a task is cancelled by it
                        self.on_error(pending.source, error)
                    raise
                if not is_coroutine(result):
                    # Of use also when it was cancelled: what has begun has been done, and whoever
                    # has sent a request, or a goal, gets the answer.
                    return result
                if cancellation is not None:
                    if not begins_first() or self._is_too_late(entity):
                        if getattr(result, "cr_suspended", False):  # what is left of a callback
                            return await task_that_cancels(result, call.__qualname__)
                        result.close()
                        raise cancellation
                    cancel_at_suspension()
                return await result
            finally:
                del cancellation  # no cycle of the exception and this frame

        call.__qualname__ = name_of_function(callback)  # in messages; no other of its attributes
        return call

    def _is_too_late(self, entity: _core.Entity | None) -> bool:
        return self.nothing_answers() or not (entity is None or entity.may_call)

    def _submit(self, pool: ThreadPoolExecutor, call: Call) -> Cancellable:
        try:
            return submit(pool, call.run, self.nothing_answers)
        except BaseException as error:
            if call.cancel():
                raise
            # A signal came while the thread was started, which runs: it is waited for.
            self.on_error(call.source, error)
            return call

    def callable_in(
        self,
        group: Any,
        callback: Callable[..., Any],
        entity: _core.Entity | None = None,
        source: object = None,
    ) -> Callable[..., Any]:
        """Return what calls ``callback``, of an entity, as ``group`` says: in a worker, or here.

        :param source: as of `Call`.
        """
        pool = self._pool_for(group)
        return callback if pool is None else self.in_worker(pool, None, callback, entity, source)

    def wait_for(
        self, future: rclpy.task.Future[Any], node: Node, *, outlasts: bool = False
    ) -> rclpy.task.Future[Any]:
        """Return a future that becomes what ``future`` becomes, for a thread that blocks on it.

        On no executor: its done callbacks run at once, also while the executor ends that has the
        node then, which gives it an ``asyncio.CancelledError``. Any thread.

        :param outlasts: the thread ends its wait by itself, and the end of the executor leaves it
            to that, unless the context is down.
        """
        twin = twin_of(future, node, outlasts=outlasts)
        if self.nothing_answers():
            self.cancel_waits()
        return twin

    def sleep(
        self,
        wake: Callable[[], object],
        node: Node | None = None,
        error: Callable[[bool], BaseException | None] = unanswered,
        *,
        outlasts: bool = False,
    ) -> Sleep:
        """Return what encloses a call that blocks, which ``wake`` ends. Any thread.

        :param node: whose executor ends it, at that time; if None this one.
        :param error: returns what is then raised, if anything, told whether the context is down.
        :param outlasts: it ends by itself, and the end of the executor waits for that, unless the
            context is down.
        """
        return Sleep(self, wake, node, error, outlasts)

    def has(self, node: Node) -> bool:
        """Tell whether a node, as far as it knows, is on the executor."""
        return names(node, self._executor)

    def cancel_waits(self) -> None:
        """End the calls that wait, by CancelledError or as they say. Any thread."""
        cancel_waits_on(self.has, context_is_down=self.context_ends())
        cancel_sleeps_of(self)

    def cancel_awaited(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Look at what callbacks have given to this loop, and wait for. The loop's thread.

        A task that one has waited for long is cancelled: the end waits for the callback, and what
        ends other tasks of the loop comes after that.
        """
        frames = frames_of_threads()
        for call in list(self._calls):
            call.cancel_awaited(awaited_in(frames.get(call.thread)), loop)

    def calls(self) -> list[Call]:
        """Return the callbacks that workers run. Any thread."""
        return [call for call in [*self._calls, *self._left] if call.runs()]

    def wait_for_left(self, timeout: float | None) -> bool:
        """Wait for the callbacks whose loop was closed; False if time is over before they end."""
        end = None if timeout is None else time.monotonic() + timeout
        return all(
            ended.wait(None if end is None else max(0.0, end - time.monotonic()))
            for ended in list(self._left.values())
        )

    def leave_alone(self) -> None:
        """Let the interpreter wait for no callback that runs now: a Ctrl-C has ended a wait for it.

        Any thread.
        """
        for call in self.calls():
            leave_alone(call)

    def abandon(self) -> None:
        """Wait for no callback that a worker runs: its coroutine ends. The loop's thread."""
        self._are_abandoned = True
        self.leave_alone()
        for call in list(self._calls):
            call.abandon()

    def close(self) -> None:
        """Let the threads end; wait for them unless a callback runs that may not."""
        self.cancel_waits()
        pools = list(self._pools.values())
        if self._pool_of_all is not None:
            pools.append(self._pool_of_all)
        runs = bool(self._calls) or self._are_abandoned or not self.wait_for_left(0)
        for pool in pools:
            pool.shutdown(wait=not (runs or self.are_here()))

    def are_here(self) -> bool:
        """True on a thread of these."""
        return _thread.workers is not None and _thread.workers() is self


# Of each executor, weakly: what it had run may know the executor.
_workers_of: ByIdentity[Any, weakref.ref[Workers]] = ByIdentity()


def workers_of(executor: object) -> Workers:
    """Return the workers of an executor of ours."""
    workers = _workers_of[executor]()
    assert workers is not None  # they go with it
    return workers


def workers_here() -> Workers | None:
    """Return whose worker the calling thread is, if it is one."""
    return None if _thread.workers is None else _thread.workers()
