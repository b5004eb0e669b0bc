# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Cancels a coroutine at each of the points where it can be cancelled, one after the other.
"""A task can be cancelled wherever it waits, in two ways: before what it waits for has come, and
after that, before the task has run again. The second is where a message or a place gets lost.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from tests.support.counters import open_fds


class _CancelledAt(Coroutine[Any, Any, None]):
    """Runs a coroutine, and has its task cancelled where it waits for the nth time."""

    def __init__(self, coroutine: Coroutine[Any, Any, object], point: int, *, woken: bool) -> None:
        self._coroutine = coroutine
        self._left = point
        self._woken = woken
        self.task: asyncio.Task[None] | None = None

    @property
    def reached(self) -> bool:
        """Tell whether the coroutine came that far."""
        return self._left <= 0

    def send(self, value: Any) -> Any:
        return self._step(self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        return self._step(self._coroutine.throw, *error)

    def _step(self, advance: Callable[..., Any], *args: Any) -> Any:
        waits_for = advance(*args)
        self._left -= 1
        if self._left == 0:
            if self._woken and waits_for is not None:
                # Before asyncio's own, which wakes the task.
                waits_for.add_done_callback(lambda _: self._cancel())
            else:
                asyncio.get_running_loop().call_soon(self._cancel)
        return waits_for

    def _cancel(self) -> None:
        assert self.task is not None
        self.task.cancel()

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("Only an asyncio task runs this")


async def cancel_everywhere(
    make: Callable[[], Coroutine[Any, Any, object]],
    left: Callable[[], object] = lambda: None,
    *,
    begins_when: Callable[[], bool] = lambda: True,
    ends: type[BaseException] | tuple[type[BaseException], ...] = asyncio.CancelledError,
) -> int:
    """Run what ``make`` returns again and again, each time cancelled at another point.

    After each run the tasks, the open descriptors and the counts that ``left`` tells must be no
    more than before; the loop may turn until they are. The first run, and the last of each way, are
    not cancelled, so the coroutine has to end by itself.

    :param left: tells what may be left elsewhere, as something that can be compared.
    :param begins_when: what has to hold before each run, such as that the last one's server is gone
        from the graph.
    :param ends: what a run that is cancelled may raise.
    :return: how often it was cancelled, in both ways together.
    """
    await make()  # makes what is made once and stays
    gc.collect()  # what other tests have left
    cancelled = 0
    for woken in (False, True):
        for point in itertools.count(1):
            while not begins_when():  # noqa: ASYNC110
                await asyncio.sleep(0)
            before = await _quiet(left)
            walked = _CancelledAt(make(), point, woken=woken)
            walked.task = asyncio.get_running_loop().create_task(walked)
            try:
                await walked.task
            except ends:
                pass
            reached, walked = walked.reached, None  # type: ignore[assignment]  # frees it
            await _until(lambda: _are_no_more(_holdings(left), before))  # noqa: B023
            after = _holdings(left)
            assert _are_no_more(after, before), f"{before} -> {after} at {point}, woken: {woken}"
            if not reached:
                break
            cancelled += 1
    return cancelled


def _holdings(left: Callable[[], object]) -> tuple[object, ...]:
    return len(asyncio.all_tasks()), open_fds(), left()


def _are_no_more(after: object, before: object) -> bool:
    """Compare counts. They may become fewer: what an earlier test used ends in its own time."""
    if isinstance(after, tuple) and isinstance(before, tuple):
        return all(map(_are_no_more, after, before))
    if isinstance(after, int) and isinstance(before, int):
        return after <= before
    return after == before


async def _quiet(left: Callable[[], object]) -> tuple[object, ...]:
    """Return what there is when nothing changes any more."""
    holdings, same = _holdings(left), 0
    while same < 20:
        await asyncio.sleep(0)
        before, holdings = holdings, _holdings(left)
        same = same + 1 if holdings == before else 0
    return holdings


async def _until(condition: Callable[[], bool]) -> None:
    """Turn the loop until it holds, but not for ever: answers of servers are on their way."""
    end = asyncio.get_running_loop().time() + 5
    turn = 0
    while not condition() and asyncio.get_running_loop().time() < end:
        turn += 1
        if turn == 100:
            gc.collect()
        await asyncio.sleep(0)
