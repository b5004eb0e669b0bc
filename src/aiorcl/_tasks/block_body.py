# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The body of an ``async with`` block, which an exception may cancel."""

from __future__ import annotations

import asyncio
import weakref
from types import FrameType
from typing import Any, NoReturn

from aiorcl._loop.private import frame_above
from aiorcl._tasks.suspended import chain


class Body:
    """Who entered a block: the task, and the coroutine in it that has written ``async with``.

    The task is cancelled only while that coroutine is among those that it awaits. What entered the
    block for somebody else is not: an exit stack, a generator with its ``yield`` in the block (a
    fixture, a lifespan), a task that has ended. On the loop's thread.

    :param frame: of the coroutine; None if there is no body, because it was entered by a call.
    """

    def __init__(self, frame: FrameType | None) -> None:
        self._loop = asyncio.get_running_loop()  # in a forked child asyncio knows of none
        self._task = asyncio.current_task()
        self._frame: FrameType | None = frame
        self._coroutine: weakref.ref[Any] | None = None
        self._cancels = 0
        self._count = 0  # of all cancellations of the task, with our last one
        # A frame keeps all that it knows, and a coroutine that runs does not show what it awaits:
        # looked for as soon as it is suspended.
        self._loop.call_soon(self._find)

    def _find(self) -> None:
        frame, self._frame = self._frame, None
        if frame is None or self._task is None:
            return
        for awaited, its_frame in chain(self._task.get_coro()):
            if its_frame is frame:
                self._coroutine = weakref.ref(awaited)
                return

    def cancel(self) -> bool:
        """Cancel the task; False, and nothing is done, if it is not in the body any more."""
        if self._task is None or self._task.done() or not self._is_inside():
            return False
        self._cancels += 1
        self._task.cancel()
        self._count = self._task.cancelling()
        return True

    def raise_in_loop(self, error: BaseException) -> None:
        """Let an exception leave the loop."""
        self._loop.call_soon(_raise, error)

    def _is_inside(self) -> bool:
        assert self._task is not None
        if asyncio.current_task(self._loop) is self._task:  # it runs now
            coroutine = self._coroutine and self._coroutine()
            frame = self._frame or (None if coroutine is None else _chain_frame(coroutine))
            return frame is not None and _is_on_stack(frame)
        self._find()
        coroutine = self._coroutine and self._coroutine()
        return coroutine is not None and any(
            awaited is coroutine for awaited, _ in chain(self._task.get_coro())
        )

    def take_back(self) -> bool:
        """The body has ended: take its cancellation back.

        :return: True if that may be on its way to the task that runs, and no other one is.
        """
        self._frame = self._coroutine = None
        if not self._cancels or self._task is None:
            return False
        is_last = self._task.cancelling() == self._count
        for _ in range(self._cancels):
            self._task.uncancel()
        return is_last and self._task is asyncio.current_task(self._loop)

    async def let_arrive(self, error: BaseException | None) -> None:
        """Wait for a cancellation that was taken back, if the body ended, well, before it came."""
        if self._cancels and error is None:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                pass


def _raise(error: BaseException) -> NoReturn:
    raise error


def _chain_frame(awaited: Any) -> FrameType | None:
    return next(chain(awaited))[1]


def _is_on_stack(frame: FrameType) -> bool:
    each: FrameType | None = frame_above(0)
    while each is not None:
        if each is frame:
            return True
        each = each.f_back
    return False
