# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The loop that an executor runs on, and what drives it there."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from aiorcl._loop.aside import loop_here
from aiorcl._loop.own_loop import OwnLoop
from aiorcl._loop.shutdown_state import WAS_SHUT_DOWN

if TYPE_CHECKING:
    from aiorcl._loop.driver import Driver
    from aiorcl._loop.run import Run

# A cancellation travels from the task to what it awaits and back, a turn of the loop for each way.
_CANCEL_TURNS = 4


async def cancel_turns() -> None:
    """Wait as long as everything gets that was cancelled, also by an end that does not wait."""
    for _ in range(_CANCEL_TURNS):
        await asyncio.sleep(0)


def tell_of_errors(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Tell of what tasks have raised that were cancelled by the end of their loop."""
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            task.get_loop().call_exception_handler(
                {
                    "message": "Exception in a task that was cancelled by the end of its loop",
                    "exception": error,
                    "task": task,
                }
            )


_GIVEN = "The executor has another loop; make it without one, inside this loop"
_ITS_OWN = (
    "The executor has another loop, its own: a spin call has made it, or whoever asked for 'loop' "
    "where no loop was running and before the executor ran. Ask for it inside the block"
)


class Home:
    """Chosen by whoever first runs the executor or asks for its loop: once, for all threads.

    The loop that was given; else that of the block, or one of ours. One of ours is closed in the
    end. What says no more is for the loop's thread.

    :param driver_for: makes what drives the executor on a loop.
    :param on_loop: is told of the loop before that.
    :param new_loop: makes one of ours, which is chosen wherever none was given. If None, the
        running one is, in a block.
    """

    def __init__(
        self,
        given: asyncio.AbstractEventLoop | None,
        run: Run,
        driver_for: Callable[[asyncio.AbstractEventLoop], Driver],
        on_loop: Callable[[asyncio.AbstractEventLoop], object],
        new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        self._given = given
        self._run = run
        self._driver_for = driver_for
        self._on_loop = on_loop
        self._new_loop = new_loop
        # Held by who chooses. A signal handler or a finalizer of the same thread may ask meanwhile.
        self._choosing = threading.RLock()
        self._is_closed = False
        self._is_kept = False
        self._is_ours = False
        self._cancelled: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        self._generators_end: asyncio.Task[None] | None = None
        self._generators_tasks: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        #: None until the loop is chosen.
        self.driver: Driver | None = None

    def loop(self) -> asyncio.AbstractEventLoop:
        """Return the executor's loop, chosen if need be. Any thread.

        A loop that runs where it is asked for is nobody's choice: the executor may be about to run
        elsewhere.

        :raises RuntimeError: if the executor has ended without one.
        """
        if self.driver is None and self._given is None and self._new_loop is None:
            running = loop_here()
            if running is not None and not self._is_closed and not self._runs_elsewhere():
                return running
        return self.choose().loop

    def _runs_elsewhere(self) -> bool:
        with self._choosing:  # a block that begins has its loop when this comes by
            return self.driver is not None or self._run.goes_on_elsewhere()

    def choose(self) -> Driver:
        """Return what drives the executor on its loop, for a spin call. Any thread.

        :raises RuntimeError: if the executor has ended without one.
        """
        if (driver := self.driver) is not None:
            return driver
        with self._choosing:
            return self._choose(None)

    def begin_block(self, loop: asyncio.AbstractEventLoop) -> Driver:
        """Begin to run the executor on a loop that runs here: for other threads, in one step.

        Chosen by that, the loop is kept from when the block is entered: see keep() and forget().

        :raises RuntimeError: if the executor has another loop, runs already, or has ended.
        """
        with self._choosing:
            self.refuse_other(loop)
            self._run.begin()
            return self._choose(loop)

    def refuse_other(self, loop: asyncio.AbstractEventLoop) -> None:
        """Raise if a block cannot be entered on this loop, because the executor has another one."""
        if self.driver is not None:
            if self.driver.loop is loop:
                return
            is_ours = self._is_ours
        elif self._new_loop is None and self._given in (None, loop):
            return
        else:
            is_ours = self._given is None
        raise RuntimeError(_ITS_OWN if is_ours else _GIVEN)

    def _choose(self, of_block: asyncio.AbstractEventLoop | None) -> Driver:
        """Choose, unless that is done. By who holds the lock."""
        if self.driver is not None:
            return self.driver
        if self._is_closed:
            raise RuntimeError(WAS_SHUT_DOWN)
        loop = self._given or of_block
        is_ours = loop is None
        loop = (self._new_loop or OwnLoop)() if loop is None else loop
        driver: Driver | None = None
        try:
            self._on_loop(loop)
            driver = self._driver_for(loop)
            # A signal handler or a finalizer may have chosen by now. Python calls none between
            # these lines: they call nothing.
            if self.driver is None:
                self._is_ours = is_ours
                self._is_kept = of_block is None
                self._run.loop = loop
                self.driver = driver
            return self.driver
        finally:
            if is_ours and self.driver is not driver:
                loop.close()

    def keep(self) -> None:
        """The loop of a block is the executor's for good: it was entered."""
        self._is_kept = True

    def forget(self) -> None:
        """Choose anew: a block could not be entered. While that has the run."""
        with self._choosing:
            if not self._is_kept:
                self.driver = self._run.loop = None

    def leave_to_parent(self) -> None:
        """In a forked child: drive nothing, and make no loop."""
        self._choosing = threading.RLock()  # which another thread of the parent may have held
        self._is_closed = True
        self.stop_driving()

    def stop_driving(self) -> None:
        """Take nothing of the loop's turns any more, if an interrupt has left that."""
        if self.driver is not None:
            self.driver.stop()

    def tasks_remain(self) -> bool:
        """True while tasks of the user's own are under way on a loop of ours."""
        driver = self.driver
        return self._is_ours and driver is not None and bool(asyncio.all_tasks(driver.loop))

    def may_have_generators(self) -> bool:
        """True until end_generators(), on a loop of ours."""
        return self._is_ours and self._generators_end is None

    async def cancel_tasks(self, timeout: float | None) -> None:
        """On a loop of ours, cancel what else runs there, as ``asyncio.run`` does, and wait.

        Each task once: a second time would interrupt the cleanup that the first has begun.
        """
        if not self._is_ours:
            return
        end = None if timeout is None else time.monotonic() + timeout
        for _ in range(2):  # those that an end before has cancelled, if any, and then the others
            tasks = asyncio.all_tasks() - {asyncio.current_task()} - set(self._generators_tasks)
            ending = tasks & set(self._cancelled)
            if not ending:
                for task in tasks:
                    self._cancelled.add(task)
                    task.cancel()
                if tasks:
                    await cancel_turns()
                ending = tasks
            if not ending:
                return
            left = None if end is None else end - time.monotonic()
            done, pending = await asyncio.wait(ending, timeout=left)
            tell_of_errors(done)
            if pending:
                return

    async def end_generators(self, timeout: float | None) -> None:
        """On a loop of ours, close the async generators that are left, and wait."""
        if not self._is_ours:
            return
        if self._generators_end is None:
            before = asyncio.all_tasks()
            if before - {asyncio.current_task()}:
                return  # they may use generators yet
            shutdown = asyncio.get_running_loop().shutdown_asyncgens()
            self._generators_end = asyncio.create_task(shutdown)
            await cancel_turns()
            self._generators_tasks.update(asyncio.all_tasks() - before)
        await asyncio.wait([self._generators_end], timeout=timeout)
        if self._generators_end.done():
            self._generators_tasks.clear()  # what generators have started, and left, is like others

    def close(self, *, wait: bool) -> None:
        """Close the loop if it is ours; none is made any more.

        :param wait: also for threads of ``asyncio.to_thread``, as ``asyncio.run`` does.
        """
        with self._choosing:
            self._is_closed = True
        if not self._is_ours or self.driver is None:
            return
        loop = self.driver.loop
        if loop.is_running() or loop.is_closed():
            return
        try:
            if wait and loop_here() is None:
                loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()
