# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Waiting for the end of something, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine
from typing import Any


def _never(cancellation: asyncio.CancelledError) -> bool:
    return False


async def uninterrupted(
    wait: Callable[[], Coroutine[Any, Any, object]],
    gives_up: Callable[[asyncio.CancelledError], bool] = _never,
) -> asyncio.CancelledError | None:
    """Run what ``wait`` returns, in a task of its own, to its end, whoever is cancelled meanwhile.

    For the end of blocks. Whoever is cancelled once waits, as under ``asyncio.timeout``; but where
    every further await is cancelled again, as in the scopes of anyio, plain awaiting would end at
    once.

    :param wait: called once more if the task is cancelled, as by who cancels all tasks of a loop:
        it begins anew.
    :param gives_up: asked at each cancellation of the calling task; True ends the wait, and cancels
        the task.
    :return: the last cancellation that came meanwhile, which is the caller's to raise.
    """
    cancellation: asyncio.CancelledError | None = None
    gave_up = False
    with _shield():
        while True:
            task = asyncio.ensure_future(wait())
            while not task.done():
                try:
                    await asyncio.wait([task])
                except asyncio.CancelledError as error:
                    cancellation = error
                    if gives_up(error):
                        gave_up = True
                        task.cancel()
            if gave_up or not (task.cancelled() and task.cancelling()):
                break
    if not task.cancelled():
        task.result()  # raises
    elif cancellation is None:
        cancellation = asyncio.CancelledError()
    try:
        return cancellation
    finally:
        del cancellation  # no cycle of the exception and this frame


def _shield() -> contextlib.AbstractContextManager[object]:
    # A scope of anyio cancels in each turn of the loop until it is left, which costs all of a core.
    anyio: Any = sys.modules.get("anyio")
    return contextlib.nullcontext() if anyio is None else anyio.CancelScope(shield=True)
