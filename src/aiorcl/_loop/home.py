# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The loop that an executor runs on, and what drives it there."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from aiorcl._loop.own_loop import OwnLoop
from aiorcl._loop.private import running_loop

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


class Home:
    """Chosen when it is first asked for: the loop that was given, the running one, or one of ours.

    One of ours is closed in the end. On the loop's thread.

    :param driver_for: makes what drives the executor on a loop.
    :param new_loop: makes one of ours, which is chosen wherever none was given. If None, the
        running one is, where one is running.
    """

    def __init__(
        self,
        given: asyncio.AbstractEventLoop | None,
        run: Run,
        driver_for: Callable[[asyncio.AbstractEventLoop], Driver],
        new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        self._given = given
        self._run = run
        self._driver_for = driver_for
        self._new_loop = new_loop
        self._is_ours = False
        self._cancelled: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        self._generators_end: asyncio.Task[None] | None = None
        self._generators_tasks: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
        #: None until the loop is chosen.
        self.driver: Driver | None = None

    def choose(self) -> Driver:
        """Return what drives the executor on its loop."""
        if self.driver is None:
            loop = self._given or (running_loop() if self._new_loop is None else None)
            self._is_ours = loop is None
            loop = (self._new_loop or OwnLoop)() if loop is None else loop
            driver = self._driver_for(loop)
            self._run.loop = loop
            self.driver = driver  # last: until then an interrupt leaves nothing that counts
        return self.driver

    def stop_driving(self) -> None:
        """Take nothing of the loop's turns any more, if an interrupt has left that."""
        if self.driver is not None:
            self.driver.stop()

    def forget(self) -> None:
        """Choose anew: the executor could not be run on the loop that was running."""
        self.driver = self._run.loop = None

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
        """Close the loop if it is ours.

        :param wait: also for threads of ``asyncio.to_thread``, as ``asyncio.run`` does.
        """
        if not self._is_ours or self.driver is None:
            return
        loop = self.driver.loop
        if loop.is_running() or loop.is_closed():
            return
        try:
            if wait and running_loop() is None:
                loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()
