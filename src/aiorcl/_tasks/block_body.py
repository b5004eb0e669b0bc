# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The body of an ``async with`` block, which an exception may cancel."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

from aiorcl._loop.private import frame_above

# The attributes of coroutines, generators and async generators: the frame, and what is awaited.
_AWAITING = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))

# What Python puts between two of them, which shows what it drives to the garbage collector only.
_BETWEEN = (
    *("coroutine_wrapper", "async_generator_asend", "async_generator_athrow"),
    "anext_awaitable",
)


def _chain(awaited: Any) -> Iterator[tuple[Any, FrameType | None]]:
    """Yield a suspended coroutine, and what it awaits in turn; with their frames."""
    while awaited is not None:
        for frame, awaits in _AWAITING:
            if hasattr(awaited, awaits):
                yield awaited, getattr(awaited, frame, None)
                awaited = getattr(awaited, awaits)
                break
        else:
            if type(awaited).__name__ not in _BETWEEN:
                return
            awaited = next(
                (
                    each
                    for each in gc.get_referents(awaited)
                    if any(hasattr(each, awaits) for _, awaits in _AWAITING)
                    or type(each).__name__ in _BETWEEN
                ),
                None,
            )


class Body:
    """Who entered a block: the task, and the coroutine in it that has written ``async with``.

    The task is cancelled only while that coroutine is among those that it awaits. What entered the
    block for somebody else is not: an exit stack, a generator with its ``yield`` in the block (a
    fixture, a lifespan), a task that has ended. On the loop's thread.

    :param frame: of the coroutine.
    """

    def __init__(self, frame: FrameType) -> None:
        self._loop = asyncio.get_running_loop()  # in a forked child asyncio knows of none
        self._task = asyncio.current_task()
        self._frame: FrameType | None = frame
        self._coroutine: weakref.ref[Any] | None = None
        self._cancels = 0
        # A frame keeps all that it knows, and a coroutine that runs does not show what it awaits:
        # looked for as soon as it is suspended.
        self._loop.call_soon(self._find)

    def _find(self) -> None:
        frame, self._frame = self._frame, None
        if frame is None or self._task is None:
            return
        for awaited, its_frame in _chain(self._task.get_coro()):
            if its_frame is frame:
                self._coroutine = weakref.ref(awaited)
                return

    def cancel(self) -> bool:
        """Cancel the task; False, and nothing is done, if it is not in the body any more."""
        if self._task is None or self._task.done() or not self._is_inside():
            return False
        self._cancels += 1
        self._task.cancel()
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
            awaited is coroutine for awaited, _ in _chain(self._task.get_coro())
        )

    async def leave(self, error: BaseException | None) -> None:
        """The body has ended, with ``error`` or without: take its cancellation back."""
        self._frame = self._coroutine = None
        if not self._cancels or self._task is None:
            return
        for _ in range(self._cancels):
            self._task.uncancel()
        if error is None:  # it ended before its cancellation arrived
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                pass


def _raise(error: BaseException) -> NoReturn:
    raise error


def _chain_frame(awaited: Any) -> FrameType | None:
    return next(_chain(awaited))[1]


def _is_on_stack(frame: FrameType) -> bool:
    each: FrameType | None = frame_above(0)
    while each is not None:
        if each is frame:
            return True
        each = each.f_back
    return False
