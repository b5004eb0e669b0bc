# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How an executor ends: it serves nothing new, ends what is under way, and lets go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from rclpy.executors import ExternalShutdownException

from aiorcl._loop.aside import aside, loop_here
from aiorcl._loop.do_all import do_all
from aiorcl._loop.interpreter_exit import main_has_ended
from aiorcl._serving.context import shuts_down_here, want_lock_held_here
from aiorcl._tasks.lost import LostTasks
from aiorcl._tasks.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from aiorcl import _core
    from aiorcl._loop.home import Home
    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._loop.run import Run
    from aiorcl._loop.shutdown_state import ShutdownState
    from aiorcl._serving.context import ContextEnd
    from aiorcl._serving.followers import Followers
    from aiorcl._serving.hold_ups import HoldUps
    from aiorcl._serving.nodes import Nodes
    from aiorcl._serving.unanswered import Unanswered
    from aiorcl._tasks.errors import Errors
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines
    from aiorcl._tasks.unfetched import Unfetched
    from aiorcl._tasks.workers import Workers

# The time between two looks at what may wait for the thread that waits for its end.
_LOOK_SEC = 0.05


def _run_until_complete(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, None]
) -> None:
    """As the method of the loop, whatever an interrupt has left there.

    uvloop keeps a stop that an interrupt has overtaken, for its next run.
    """
    task = loop.create_task(coroutine)
    try:
        loop.run_until_complete(task)
    except RuntimeError:
        if task.done():
            raise
        loop.run_until_complete(task)


class Shutdown:
    """The end of one executor; for whoever runs it, unless it says more.

    :param forget_nodes: takes all nodes from those that the user has added.
    :ivar waits_for_workers: in spite of a timeout.
    """

    def __init__(
        self,
        state: ShutdownState,
        dispatcher: _core.Dispatcher,
        home: Home,
        run: Run,
        mailbox: Mailbox,
        errors: Errors,
        unfetched: Unfetched,
        owned: OwnedCoroutines,
        workers: Workers,
        nodes: Nodes,
        followers: Followers,
        context_end: ContextEnd,
        hold_ups: HoldUps,
        unanswered: Unanswered,
        forget_nodes: Callable[[], None],
    ) -> None:
        self._state = state
        self._dispatcher = dispatcher
        self._home = home
        self._run = run
        self._mailbox = mailbox
        self._errors = errors
        self._unfetched = unfetched
        self._owned = owned
        self._workers = workers
        self._nodes = nodes
        self._followers = followers
        self._context_end = context_end
        self._hold_ups = hold_ups
        self._unanswered = unanswered
        self._forget_nodes = forget_nodes
        self.waits_for_workers = False

    def _look_who_is_left(self) -> None:
        if not self._owned.remain():
            # A spin call ends with the executor, but the body of async with goes on as long as it
            # likes, and perhaps waits.
            if not self._errors.in_block():
                return
            self._tell_none_left()
        elif len(self._owned.awaited()) <= self._workers.running:
            # Threads cannot be cancelled, and may wait for what they have had the loop wait for.
            self._state.only_workers_left = True
        else:
            return
        reason = self._state.why()
        assert reason is not None  # it has begun to end
        self._followers.shut_down(reason, finally_=True)

    def _release_workers(self) -> bool:
        is_early = self._hold_ups.look(self._owned.awaited())
        if self._state.only_workers_left:
            self._workers.cancel_awaited(self._run.loop)
        return is_early or self._workers.running > 0

    def _tell_none_left(self) -> None:
        self._state.none_left = True
        self._run.ring()

    def begin(self) -> None:
        """Let nothing new begin. Any thread."""
        self._state.shut_down = True
        self._mailbox.refuse_tasks()

    def stop_serving(self) -> None:
        """Serve nothing more, cancel what is under way, and bring back whoever waits."""
        self._owned.on_ended = self._look_who_is_left
        self._owned.on_wait = self._release_workers
        do_all(
            lambda: self._nodes.let_go(keep_for_cleanups=True),
            self._workers.cancel_waits,
            self._owned.cancel_all,
            self._look_who_is_left,
            self._context_end.tell,
            self._unanswered.look_from_now_on,
        )

    def leave_to_parent(self) -> None:
        """In a forked child: none of it ends here, nor runs, and whoever calls finds it ended."""
        self._state.is_parents = self._state.shut_down = self._state.let_go = True
        self._nodes.look_no_more()
        self._mailbox.forget_jobs()
        self._owned.leave_to_parent()
        self._home.leave_to_parent()
        if not self._run.runs_here():
            self._run.end()

    def come_to_end(self, timeout: float | None, error: BaseException | None = None) -> bool:
        """End the executor and wait; the thread that runs it cannot, and only begins the end.

        Any thread.

        :param timeout: how long to wait, in seconds; for ever if None.
        :param error: is being raised already.
        :return: False if work remains.
        """
        try:
            return self._come_to_end(timeout, error)
        except KeyboardInterrupt:
            self._workers.leave_alone()
            raise

    def _come_to_end(self, timeout: float | None, error: BaseException | None) -> bool:
        if self._state.is_parents:
            return True
        self.begin()
        # Whoever runs the executor, now or next, waits for the call of a worker. A thread inside
        # the shutdown of the context holds its lock, which what is under way may want.
        if self._workers.are_here() or (
            timeout is None and self._context_end.comes_here() and self._run.goes_on_elsewhere()
        ):
            self._mailbox.post_job(self.stop_serving, first=True)
            return False
        self._abandon_block()
        end = None if timeout is None else time.monotonic() + timeout
        is_posted = False
        while True:
            bell, left = self._run.bell(), None if end is None else end - time.monotonic()
            patience = None if left is None else max(0.0, left)
            ended = self._run.try_run(partial(self.complete, patience))
            if ended is not None:  # nobody runs the executor, or nobody does any more
                self._errors.raise_after(error)
                return ended
            if self._run.runs_here() or self._run.is_abandoned():
                self.stop_serving()
                return not self._owned.remain()
            if not is_posted:
                self._mailbox.post_job(self.stop_serving, first=True)
                is_posted = True
            if self._state.none_left or (left is not None and left <= 0):
                return self._state.none_left
            if shuts_down_here():  # of another context, whose lock is wanted only perhaps
                busy = [call.thread for call in self._workers.calls()]
                if want_lock_held_here([self._run.thread, *busy]):
                    return False
                left = _LOOK_SEC if left is None else min(left, _LOOK_SEC)
            bell.wait(left)

    def _abandon_block(self) -> None:
        """End the run of a block under which the loop was closed: nothing leaves it any more."""
        if self._errors.in_block() and self._run.is_abandoned():
            self._errors.forget_body()
            self._run.end()

    def complete(self, timeout: float | None = None) -> bool:
        """Run the loop until everything has ended, and let go. True if nothing remains."""
        if self._state.is_parents:
            return True
        try:
            self.stop_serving()
        finally:
            ended = self._end_all(timeout)
        return ended

    def _end_all(self, timeout: float | None) -> bool:
        driver = self._home.driver
        loop = None if driver is None or driver.loop.is_closed() else driver.loop
        # In a thread in which a loop runs no other one can.
        can_run = loop_here() is None and loop is not None and not loop.is_running()
        if driver is not None and loop is not None and self._remain(generators=can_run):
            if not can_run:
                return False
            self._run.end_spin()
            try:
                driver.start()
                _run_until_complete(loop, self._wait(timeout))
            except BaseException:  # an interrupt
                self._owned.cancel_again()
                raise
            finally:
                driver.stop()
        self._unfetched.decide()
        if (loop is not None and self._remain()) or not self._left_workers_end(timeout):
            return False
        self.let_go(wait=timeout is None)
        return not self._owned.remain()

    def _left_workers_end(self, timeout: float | None) -> bool:
        """Wait for callbacks in workers whose loop was closed; False if time is over before."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _LOOK_SEC if end is None else max(0.0, end - time.monotonic())
            if self._workers.wait_for_left(min(left, _LOOK_SEC)):
                return True
            if left == 0.0:
                return False
            self._hold_ups.look()

    def after_spin(self, error: BaseException | None = None) -> None:
        """A spin call ends, by ``error`` if that was raised: it completes an end that began in it.

        What this brings is raised, unless there is an error already.
        """
        if self._state.is_parents:
            self._run.end()
            self._errors.raise_after(error)
            return
        if error is not None:
            self._home.stop_driving()  # which an interrupt may have kept it from
        if isinstance(error, (KeyboardInterrupt, SystemExit, ExternalShutdownException)):
            self._workers.cancel_waits()  # or the interpreter would wait for them at its end
        is_last = self._state.context_down and main_has_ended()
        if is_last and self._workers.running:
            self.begin()  # the interpreter waits for workers already, and they may for the loop
        try:
            if self._state.shut_down:
                self.complete()
        finally:
            self._run.end()
        # Another thread's shutdown() that came between the two lines left the end to this one.
        if self._state.shut_down:
            self._run.try_run(self.complete)
        self._errors.raise_after(error)

    def _remain(self, *, generators: bool = False) -> bool:
        return (
            self._owned.remain()
            or self._home.tasks_remain()
            or (generators and self._home.may_have_generators())
        )

    async def _wait(self, timeout: float | None) -> None:
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        with LostTasks():
            await self._owned.end(timeout)
            while self.waits_for_workers and self._workers.running:
                await self._owned.end(timeout)
            if self._owned.remain():
                return  # in their cleanup, which may wait for other tasks
            home = self._home
            for end in (home.cancel_tasks, home.end_generators, home.cancel_tasks):
                await end(None if deadline is None else deadline - loop.time())

    async def wait_in_block(self) -> asyncio.CancelledError | None:
        """Wait until everything has ended, on a loop that runs, and let go; cannot be cancelled.

        :return: the last cancellation that came meanwhile.
        """
        self._owned.leave()
        cancellation = None
        try:
            try:
                self.stop_serving()
            finally:
                with LostTasks():
                    cancellation = await uninterrupted(self._owned.end)
            return cancellation
        finally:
            self.let_go_of_block()
            cancellation = None  # no cycle of the exception and this frame

    def let_go_of_block(self) -> None:
        """Leave nothing, whatever is under way: nothing runs the loop of the block any more."""
        # Twice, if an interrupt comes: nobody does it later.
        do_all(self._home.stop_driving, self.let_go, self._run.end)

    def when_collected(self) -> None:
        """Leave no task pending and nothing open: nobody holds the executor any more."""
        if self._state.is_parents:
            return
        try:
            self._errors.close()
            self._owned.are_collected = True
            if self._run.thread is None and not self._state.let_go:
                with aside():  # the collector may come where another loop runs
                    self.come_to_end(0)
        finally:
            self.let_go()

    def awaits_itself(self) -> str | None:
        """Return the name of a coroutine that awaits the end which would have waited for it."""
        steps = self._owned.awaits_leaver
        return None if steps is None else steps.__qualname__

    def let_go(self, *, wait: bool = False) -> None:
        """Leave nothing that the middleware could call, and close a loop of our own.

        :param wait: also for threads of ``asyncio.to_thread`` on such a loop.
        """
        self._state.shut_down = self._state.let_go = True
        if self._state.is_parents:
            return
        do_all(
            self._home.stop_driving,
            self._mailbox.refuse_tasks,
            self._unfetched.close,
            self._errors.tell_of_end,
            self._nodes.let_go,
            self._workers.close,
            self._mailbox.close,
            self._context_end.close,
            self._forget_nodes,
            self._tell_none_left,  # before: a thread that is waited for may be in shutdown() itself
            lambda: self._home.close(wait=wait),
            self._dispatcher.close,
        )
