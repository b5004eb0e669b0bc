# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Learns that a context is shut down: by rclpy from any thread, or by a signal."""

from __future__ import annotations

import asyncio
import functools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

import rclpy.context
from rclpy.exceptions import InvalidHandle, ROSInterruptException
from rclpy.executors import ExternalShutdownException

from aiorcl import _core
from aiorcl._loop.blocks import block
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.private import frames_of_threads
from aiorcl._loop.waiters import wake
from aiorcl._rclpy.compiled import RCLError
from aiorcl._serving.followers import EntityGoneError, is_instead_of_cancellation, on_loop
from aiorcl._tasks.worker_call import is_from_worker

if TYPE_CHECKING:
    from rclpy.context import Context

    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._loop.run import Run
    from aiorcl._loop.shutdown_state import ShutdownState
    from aiorcl._serving.followers import Followers
    from aiorcl._serving.guards import Guards
    from aiorcl._tasks.workers import Workers


# Of each executor. Not by a WeakSet: who walks one finds what another thread enters meanwhile.
_context_ends: ByIdentity[Context, ByIdentity[ContextEnd, None]] = ByIdentity()


class _Thread(threading.local):
    """Of each thread: the contexts that it shuts down, each inside the shutdown of the next."""

    goes_down: tuple[object, ...] = ()


_thread = _Thread()


def _tell_on_shutdown(context: Context, end: ContextEnd) -> None:
    """Call ``end`` when rclpy shuts the context down, for as long as it lives.

    By one function for each context: rclpy keeps a function for good, and of a bound method a weak
    reference that complains when it dies together with its context at the end of the interpreter.
    """
    new: ByIdentity[ContextEnd, None] = ByIdentity()
    found = _context_ends.setdefault(context, new)
    found[end] = None
    if found is new:
        context.on_shutdown(functools.partial(_shut_down, found))


@block
def going_down(context: Context) -> Iterator[None]:
    """Let no callback begin while rclpy shuts a context down, nor after that. Any thread.

    It destroys the nodes first, and callbacks would meet what is left of them.
    """
    ends = _context_ends.get(context)
    found = [] if ends is None else [end for end in ends.objects() if end.is_up()]
    for end in found:
        end.go_down()
    outer = _thread.goes_down
    try:
        _thread.goes_down = (context, *outer)
        yield
    finally:
        _thread.goes_down = outer
        for end in found:
            end.has_gone_down()


def shuts_down_here() -> bool:
    """True inside the shutdown of any context, on the thread that may hold its lock."""
    return bool(_thread.goes_down)


def want_lock_held_here(threads: Iterable[int | None]) -> bool:
    """Tell whether a thread waits for the lock of a context that the calling thread shuts down."""
    frames = frames_of_threads()
    return any(_is_in_method_of(frames.get(each or 0), _thread.goes_down) for each in threads)


def _is_in_method_of(frame: FrameType | None, contexts: tuple[object, ...]) -> bool:
    if frame is None or frame.f_globals is not vars(rclpy.context):
        return False
    return any(frame.f_locals.get("self") is each for each in contexts)


def _shut_down(ends: ByIdentity[ContextEnd, None]) -> None:
    for end in ends.objects():
        end.was_shut_down()


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception, or those of a group: what a TaskGroup makes of them."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


class _Signal:
    """What one executor does when the guard condition of all is triggered by a signal."""

    def __init__(self, handle: object, signalled: weakref.WeakMethod[Callable[[], None]]) -> None:
        self.handle = handle
        self._signalled = signalled

    def callback(self) -> None:
        method = self._signalled()
        if method is not None:
            method()


class ContextEnd:
    """The end of the executor's context.

    A signal reaches Python by a guard condition only, rclpy's own shutdown by ``on_shutdown`` only:
    both are followed.
    """

    def __init__(
        self,
        context: Context,
        state: ShutdownState,
        dispatcher: _core.Dispatcher,
        guards: Guards,
        run: Run,
        mailbox: Mailbox,
        followers: Followers,
        workers: Workers,
    ) -> None:
        self._context = guards.context
        self._context_of_rclpy = weakref.ref(context)
        self._guards = guards  # a signal triggers them for as long as somebody holds them
        self._state = state
        self._run = run
        self._mailbox = mailbox
        self._followers = followers
        self._workers = workers
        self._waiters: set[asyncio.Future[None]] = set()
        self._by_callback = False
        state.context_down = state.context_down_outside = not guards.context.is_up
        signal = _Signal(guards.signal.handle, weakref.WeakMethod(self._signalled))
        self._entity = _core.GuardCondition(dispatcher, signal, None, "signal", guards.threads)
        self._entity.outlive_context()
        _tell_on_shutdown(context, self)
        # Again: of what came before the two lines above nobody tells.
        if not guards.context.is_up:
            state.context_down = state.context_down_outside = True

    def comes_here(self) -> bool:
        """True inside the shutdown of the context, on the thread that may hold its lock."""
        return any(each is self._context_of_rclpy() for each in _thread.goes_down)

    def is_up(self) -> bool:
        """False when rclpy has begun to shut the context down. Any thread; takes no lock."""
        return self._context.is_up

    def go_down(self) -> None:
        """Let no callback begin any more: rclpy shuts the context down."""
        self._context.goes_down = self._state.goes_down = True
        self._by_callback = self._run.runs_here()
        self._run.let_begin()

    def has_gone_down(self) -> None:
        """The context is down, or goes on, if rclpy has failed to shut it down."""
        self._context.goes_down = False
        if not self.is_up():
            # Told of already, unless a callback of on_shutdown() that came before has raised.
            self.was_shut_down()
        self._state.goes_down = False

    def caused(self, error: BaseException) -> bool:
        """Tell whether a callback has met what another thread's shutdown has left of ROS.

        To a callback in a worker the loop's thread is another one.
        """
        if self._context.is_up or (self._by_callback and not is_from_worker(error)):
            return False
        kinds = (RCLError, InvalidHandle, EntityGoneError)
        return all(isinstance(each, kinds) for each in _leaves(error))

    def is_told_by(self, error: BaseException) -> bool:
        """Tell whether an exception says no more than that the context is down, or goes down.

        Or that the executor ends: to a callback in a worker, which cannot be cancelled, or to a
        coroutine that is cancelled next.
        """
        # A signal is told of before the context is down, to another executor first perhaps.
        state = self._state
        is_down = not self._context.is_up or state.context_down or self._guards.is_signalled
        if is_down or state.only_workers_left:
            kinds: tuple[type[BaseException], ...] = (EntityGoneError, ROSInterruptException)
            if is_down:  # of another context it is an error
                kinds = (*kinds, ExternalShutdownException)
            return all(isinstance(each, kinds) for each in _leaves(error))
        return all(
            isinstance(each, EntityGoneError) and is_instead_of_cancellation(each, state)
            for each in _leaves(error)
        )

    def was_shut_down(self) -> None:
        """The context is down: rclpy tells of it, on the thread that did it."""
        # Called under the lock of the context, which on Jazzy is not recursive: no question to it
        # here.
        if self._state.context_down:
            return  # told already
        self._state.context_down = True
        if self._run.runs_here():
            self.tell()
        else:
            self._state.context_down_outside = True
            self._workers.cancel_waits()  # here: perhaps nobody runs the executor any more
            self._mailbox.post_job(self.tell, first=True)
        self._run.let_begin()

    def _signalled(self) -> None:
        # Not asked whether the context is down: rclpy's signal thread triggers the guard conditions
        # first and shuts every context down then, and nothing tells of that.
        self._guards.is_signalled = True
        self._state.context_down = self._state.context_down_outside = True
        self.tell()

    def tell(self) -> None:
        """Bring back whoever waits, and the spin call that is under way."""
        for waiter in list(self._waiters):
            on_loop(waiter.get_loop(), wake, waiter)
        self._state.has_cancelled = self._state.shut_down  # the end calls this after that
        reason = self._state.why()
        assert reason is not None  # or there is nothing to tell
        self._followers.shut_down(reason, finally_=self._state.context_down)
        self._workers.cancel_waits()
        self._run.interrupt()

    async def wait(self) -> None:
        """Return when nothing answers any more. On any loop."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            # In this order: tell() sees those who came before it.
            if not self._state.nothing_answers():
                await waiter
        finally:
            self._waiters.discard(waiter)

    def close(self) -> None:
        """Follow signals no more."""
        self._entity.close()
