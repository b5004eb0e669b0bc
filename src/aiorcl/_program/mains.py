# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The coroutine functions of a program, which end before the executor does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rclpy.executors import ExternalShutdownException

from aiorcl._loop.shutdown_state import shutdown_state_of
from aiorcl._loop.waiters import wake
from aiorcl._program.entry_points import Main, call_main
from aiorcl._rclpy.private import exception_and_result_of, remove_done_callback
from aiorcl._serving.followers import on_loop
from aiorcl._serving.unanswered import unanswered_of
from aiorcl._tasks.awaiters import awaiters_of
from aiorcl._tasks.inline import CallsInline
from aiorcl._tasks.spinning import is_done
from aiorcl._tasks.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from typing import Self

    import rclpy.task

    from aiorcl._tasks.task import Task
    from aiorcl.executor import AsyncioExecutor

# The time between two looks at what may wait for the end itself.
_LOOK_SEC = 0.05


class Mains:
    """Coroutine functions as tasks of an executor, which are cancelled while it serves.

    So all is answered that they ask in their cleanup. Only then is the executor ended, and with it
    what callbacks and tasks have under way. What one of them raises is the executor's to raise, as
    the exception of any task.
    """

    def __init__(self, mains: Sequence[Main[Any]], executor: AsyncioExecutor) -> None:
        state = shutdown_state_of(executor)
        assert state is not None  # it is one of ours
        self._state = state
        self._executor = executor
        self._tasks = [executor.create_task(call_main, main, executor) for main in mains]

    async def wait(self, *, serve_on: bool = False) -> Task[Any] | None:
        """Return when all have returned, one was cancelled, or the executor or ROS is shut down.

        In the body of the executor's block, which is cancelled if one raises.

        :param serve_on: also when all have returned.
        :return: the one that was cancelled, by itself that is: the end of a program is none of it.
        """
        loop = asyncio.get_running_loop()
        over = loop.create_future()

        def look(_: object = None) -> None:
            if self._cancelled() is not None or (not serve_on and self._have_returned()):
                wake(over)

        told = CallsInline(lambda _: on_loop(loop, look))
        for task in self._tasks:
            task.add_done_callback(told)
        look()
        shutdown = loop.create_task(self._executor.wait_for_shutdown())
        try:
            await asyncio.wait((over, shutdown), return_when=asyncio.FIRST_COMPLETED)
        finally:
            shutdown.cancel()
            for task in self._tasks:
                remove_done_callback(task, told)
        return None if self._state.nothing_answers() else self._cancelled()

    def _cancelled(self) -> Task[Any] | None:
        return next((task for task in self._tasks if task.cancelled()), None)

    def _have_returned(self) -> bool:
        return all(map(_has_returned, self._tasks))

    async def end(self) -> None:
        """Cancel those that are left, and wait until they have ended, who is cancelled meanwhile.

        On the executor's loop; nothing, if it was shut down: it ends them.
        """
        if self._state.nothing_answers() or all(map(is_done, self._tasks)):
            return  # in this turn of the loop: an error that comes in the next ones is a later one
        cancellation = await uninterrupted(self._end)
        try:
            if cancellation is not None:
                raise cancellation
        finally:
            del cancellation  # no cycle of the exception and this frame

    async def _end(self) -> None:
        for task in self._tasks:
            if task.steps is None:
                task.cancel()  # it has not begun, if it has not ended
            else:
                task.steps.end()
        leaver = asyncio.current_task()
        assert leaver is not None
        with unanswered_of(self._executor).looking_for(self._left):
            while (left := self._left()) and not self._state.nothing_answers():
                if left <= awaiters_of(leaver):
                    return  # each would wait for the other: the end of the executor names one
                await asyncio.wait(left, timeout=_LOOK_SEC)

    def _left(self) -> set[asyncio.Task[None]]:
        run_by = [None if task.steps is None else task.steps.task for task in self._tasks]
        return {each for each in run_by if each is not None and not each.done()}


class SpunMains(Mains):
    """Those of an executor that a spin call runs; one of them that is cancelled ends it, too.

    For a ``with`` block in which that call is made. If an exception leaves it they are ended, too,
    while the executor runs on.
    """

    def __init__(self, mains: Sequence[Main[Any]], executor: AsyncioExecutor) -> None:
        super().__init__(mains, executor)
        self._ends = False
        for task in self._tasks:
            task.add_done_callback(CallsInline(self._ended))

    def _ended(self, task: rclpy.task.Future[Any]) -> None:
        if self._ends or self._state.nothing_answers():
            return
        if task.cancelled():
            self.end_soon()
        elif self._have_returned():
            self._executor.shutdown(timeout_sec=0)

    def end_soon(self) -> None:
        """End them, and shut the executor down when they have ended. The loop's thread."""
        if self._tasks:
            self._ends = True
            self._executor.create_task(self._end_both)
        else:
            self._executor.shutdown()

    async def _end_both(self) -> None:
        await self._end()
        self._executor.shutdown(timeout_sec=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if isinstance(exc, KeyboardInterrupt):
                self._end_again()
            elif exc is not None and not self._state.nothing_answers():
                self._spin_to_end()
        except KeyboardInterrupt:
            self._end_again()
            raise

    def _end_again(self) -> None:
        """Let the end of the executor cut off the cleanups that an end has begun by now."""
        for task in self._tasks:
            if task.steps is not None:
                task.steps.end_again()

    def _spin_to_end(self) -> None:
        self._ends = True
        ending = self._executor.create_task(self._end)
        while not is_done(ending):
            try:
                self._executor.spin_until_future_complete(ending)
            except ExternalShutdownException:
                return
            except Exception as error:
                self._executor.loop.call_exception_handler(
                    {
                        "message": "Exception at the end of an executor after the first one",
                        "exception": error,
                    }
                )
            if self._state.nothing_answers():
                return


def _has_returned(task: Task[Any]) -> bool:
    return task.done() and exception_and_result_of(task)[0] is None
