# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who runs the executor now, on which loop, and how far the spin call that does may go."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aiorcl import _core
from aiorcl._loop.aside import loop_here
from aiorcl._loop.bell import Bell
from aiorcl._loop.blocks import block
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.first_line import let_begin
from aiorcl._loop.private import set_running_loop

if TYPE_CHECKING:
    import rclpy.task

    from aiorcl._loop.mailbox import Mailbox

T = TypeVar("T")

#: True on a thread that runs an executor.
something_runs_here: Callable[[], bool] = _core.something_runs_here


# By executor, for what knows only that: futures. Weakly: the loop of a run knows coroutines, which
# may know the executor, and that would never be collected.
_runs: ByIdentity[Any, weakref.ref[Run]] = ByIdentity()


def loop_of(executor: object) -> asyncio.AbstractEventLoop | None:
    """Return the loop that an executor has chosen; None for executors of others. Any thread."""
    found = _runs.get(executor)
    run = None if found is None else found()
    return None if run is None else run.loop


class Run:
    """The state of one run of the executor: a spin call, or an ``async with`` block.

    ``once``: a spin_once, which has one piece of work; ``pieces`` counts it. ``beginning``: the
    coroutines whose first step is part of that piece and still to come. ``interrupted``: the spin
    call shall return. ``until``: the future that it waits for. ``unbegun``: coroutines whose first
    step waits for a turn of the loop. ``nested``: a spin call inside a callback of this run.
    ``loop``: where the executor runs, now or next. ``hides_loop``: as of `Manner`.
    """

    def __init__(
        self,
        dispatcher: _core.Dispatcher,
        mailbox: Mailbox,
        executor: object,
        *,
        hides_loop: bool = False,
    ) -> None:
        _runs[executor] = weakref.ref(self)
        self._dispatcher = dispatcher
        self._mailbox = mailbox
        self.loop: asyncio.AbstractEventLoop | None = None
        self.hides_loop = hides_loop
        self._spins = False  # and so ends by the end of the loop's run
        self._loop_stopped = False
        self.once = False
        self.pieces = 0
        self.unbegun = 0
        self.beginning: set[object] = set()
        self.waiting: dict[object, None] = {}  # steps for another spin_once, in order
        self.step_was_last = False  # of what spin_once has counted
        self.interrupted = False
        self.nested = False
        self.until: rclpy.task.Future[Any] | None = None

    @property
    def thread(self) -> int | None:
        """The thread that runs the executor, by its ident."""
        return self._dispatcher.thread

    @property
    def last_thread(self) -> int | None:
        """The same, or if nothing runs that which was the last one to run it. Any thread."""
        return self._dispatcher.last_thread

    @property
    def callbacks(self) -> int:
        """How many callbacks of entities, and tasks, were called so far. Any thread."""
        return self._dispatcher.callbacks

    def begin(self) -> None:
        """Run in this thread from now on.

        :raises RuntimeError: if the executor runs already.
        """
        if not self.try_begin():
            where = "this" if self.may_act_here() else "another"
            raise RuntimeError(f"The executor runs already, in {where} thread")

    def try_begin(self) -> bool:
        """As begin(), but False if the executor runs already."""
        if not self._dispatcher.begin_run():
            return False
        self._spins = False
        self.once = False
        self.start_over()
        self._mailbox.post_jobs()  # which an interrupt has kept the last run from
        return True

    def start_over(self) -> None:
        """A spin call has nothing done yet, and nothing has interrupted it."""
        self.pieces = 0
        self.interrupted = False

    def end(self) -> None:
        """Nothing runs any more, once the jobs of other threads are done.

        There may be no next run that would do it. Who posts a job, and finds after that that
        nothing runs, does it itself.
        """
        self._spins = False
        self.once = False
        try:
            while not self._dispatcher.end_run(self._mailbox.due):
                self._do_jobs()
        except BaseException:  # of a job, or an interrupt
            if self.runs_here():
                self._dispatcher.end_run(None)
            raise

    def _do_jobs(self) -> None:
        """Do the jobs as in a turn of the loop: one may schedule something there."""
        if self.loop is None or self.loop.is_closed() or loop_here() is not None:
            self._mailbox.do_jobs()
            return
        try:
            set_running_loop(self.loop)
            self._mailbox.do_jobs()
        finally:
            set_running_loop(None)

    def end_torn(self) -> None:
        """As end(), after an exception; nothing if that has ended it.

        A KeyboardInterrupt may have come between any two lines, those of begin() and end() too. For
        a try statement around the call that has begun the run.
        """
        if self.runs_here():
            self.end()
        if self.thread is None:  # no other thread has refused the call
            # What waits or begins was on its way, and perhaps does not arrive.
            self.beginning.clear()
            self.waiting.clear()

    def try_run(self, work: Callable[[], T]) -> T | None:
        """Return what ``work`` returns, called as a run; None if the executor runs already."""
        if self.runs_here():
            return None
        try:
            if not self.try_begin():
                return None
            try:
                return work()
            finally:
                self.end()
        except BaseException:
            self.end_torn()
            raise

    def may_act_here(self) -> bool:
        """True where the work of the loop's thread may be done: there, or while nothing runs."""
        return self.runs_here() or self.thread is None or self.is_abandoned()

    def do_here_or_post(self, job: Callable[[], object]) -> None:
        """Do some work of the loop's thread here, or have that do it before its run ends.

        :param job: may be done a second time, by the next run.
        """
        if not self.may_act_here():
            self._mailbox.post_job(job)
            # Asked again: a run that has ended before it could see the job does not do it.
            if not self.may_act_here():
                return
        job()

    def do_on_loop(self, job: Callable[[], object]) -> None:
        """Do what is asyncio's here if this is the thread of the loop, else soon. Any thread.

        Not as `do_here_or_post`, though nothing may run: a loop that begins to meanwhile, on its
        thread, would sleep over it.

        :param job: may be done twice.
        """
        if self.runs_here() or loop_here() is self.loop:
            job()
            return
        self._mailbox.post_job(job)
        # Asked after that: the next run may not be one of the executor, but of the loop alone.
        if self.thread is None and self.loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed
                self.loop.call_soon_threadsafe(job)

    def is_abandoned(self) -> bool:
        """True if nothing runs, though the run has not ended: its loop was closed."""
        return self.loop is not None and self.loop.is_closed()

    def runs_here(self) -> bool:
        """True on the thread that runs the executor."""
        return self._dispatcher.runs_here()

    def goes_on_elsewhere(self) -> bool:
        """True if another thread runs the executor."""
        return self.thread is not None and not self.runs_here() and not self.is_abandoned()

    def is_on(self, loop: asyncio.AbstractEventLoop) -> bool:
        """True if the executor runs on this loop now."""
        return self.loop is loop and self.runs_here()

    def bell(self) -> Bell:
        """Return what rings when the run ends, or by ring(). Any thread."""
        return Bell(self._dispatcher)

    def ring(self) -> None:
        """Let the threads look again that wait."""
        self._dispatcher.ring()

    def let_begin(self, *entities: _core.Entity) -> None:
        """Wait until a callback that was called has come to its first line; of any entity if none.

        Whether a callback may begin is asked right before it is called. So what forbids it has to
        call this, and none begins after that. Any thread, also under locks of rclpy's.
        """
        here, thread, dispatcher = threading.get_ident(), self.thread, self._dispatcher
        asked = entities or (None,)
        if thread is not None and thread != here:
            let_begin(thread, lambda: any(map(dispatcher.runs, asked)))
        for caller in self._callers(asked) - {here}:
            let_begin(caller, partial(self._is_caller, caller, asked))

    def _callers(self, entities: tuple[_core.Entity | None, ...]) -> set[int]:
        return {thread for each in entities for thread in self._dispatcher.callers(each)}

    def _is_caller(self, thread: int, entities: tuple[_core.Entity | None, ...]) -> bool:
        return thread in self._callers(entities)

    def interrupt(self) -> None:
        """Bring the spin call that is under way back after the callback that it is in.

        On the thread that spins; also in a signal handler or a finalizer, which may come when the
        loop is about to run, or to wait: so it is woken, too.
        """
        self.interrupted = True
        self._stop()
        if self._spins and self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._stop_if_interrupted)

    def _stop_if_interrupted(self) -> None:
        if self.interrupted:  # or this comes in the next spin call
            self.stop_loop()

    def interrupt_if_until(self, future: rclpy.task.Future[Any]) -> None:
        """Interrupt the spin call that waits for this future."""
        if future is self.until:
            self.interrupt()

    def coroutine_starts(self, steps: object) -> None:
        """Make the first step of a coroutine the one piece of work of a spin_once."""
        if self.once:
            self.beginning.add(steps)
            self.pieces = 1
            self._stop()

    def coroutine_began(self, steps: object) -> None:
        """Its first step is on the stack."""
        self.beginning.discard(steps)

    def has_done_its_piece(self) -> bool:
        """True if something was done that a spin_once counts."""
        return self.pieces > 0

    def others_come_first(self) -> bool:
        """True if steps of coroutines are due before an entity may run in a spin_once.

        In turn: a coroutine that is always ready must not be all that ever runs, either.
        """
        return self.unbegun > 0 or (bool(self.waiting) and not self.step_was_last)

    def step_begins(self, steps: object, *, urgent: bool = False) -> bool:
        """Count a step of a coroutine; False if it has to wait for another spin_once.

        Whoever waits longest comes first, or a coroutine that is always ready would be all that
        ever runs: the loop calls those that are ready in the same order in each of its turns.
        """
        if self.once and steps not in self.beginning:
            others_wait = self.waiting and next(iter(self.waiting)) is not steps
            if (self.pieces or others_wait) and not urgent:
                self.waiting[steps] = None
                return False
            self.pieces = 1
            self.step_was_last = True
            self._stop()
        self.waiting.pop(steps, None)
        return True

    def spin(self) -> None:
        """From now on this run is a spin call: it runs the loop itself."""
        self._spins = True

    def end_spin(self) -> None:
        """From now on nothing stops the loop, which ends what is under way."""
        self._spins = False
        self.once = False

    @block
    def inside(self) -> Iterator[None]:
        """In the block a spin call goes on inside a callback of this run.

        What it may do, has done and is ended by is its own. After it the spin call that it was made
        in starts over: it may have been ended meanwhile, and nothing tells it that any more.
        """
        nested, once, pieces = self.nested, self.once, self.pieces
        beginning, step_was_last, until = self.beginning, self.step_was_last, self.until
        spins, loop_stopped = self._spins, self._loop_stopped
        self.nested, self.once, self.beginning, self.until = True, False, set(), None
        self.start_over()
        try:
            yield
        finally:
            self.nested, self.once, self.pieces = nested, once, pieces
            self.beginning, self.step_was_last, self.until = beginning, step_was_last, until
            self._spins, self._loop_stopped = spins, loop_stopped
            self.interrupt()

    def run_loop(self) -> None:
        """Run the loop of a spin call until stop_loop()."""
        assert self.loop is not None
        self._loop_stopped = False
        self.loop.run_forever()

    def turn_loop(self) -> None:
        """Run what the loop of a spin call has ready."""
        assert self.loop is not None
        self.loop.call_soon(self.stop_loop)
        self.run_loop()

    def stop_loop(self) -> None:
        """End run_loop(), once: uvloop would keep a second stop for its next run."""
        if not self._spins or self._loop_stopped:
            return
        if self.loop is not None and self.loop.is_running():
            self._loop_stopped = True
            self.loop.stop()

    def _stop(self) -> None:
        self._dispatcher.stop()
        self.stop_loop()
