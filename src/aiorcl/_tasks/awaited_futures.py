# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What threads have given to an event loop, and wait for."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from types import FrameType
from typing import Any

from aiorcl._loop.private import frames_of_threads, is_of_a_loop


def awaited_by(threads: Iterable[int]) -> list[Future[Any]]:
    """Return the futures of ``asyncio.run_coroutine_threadsafe`` in whose result() threads are.

    :param threads: their idents.
    """
    frames = frames_of_threads()
    found = (_awaited_in(frames.get(each)) for each in list(threads))
    return [future for future in found if future is not None and is_of_a_loop(future)]


def _awaited_in(frame: FrameType | None) -> Future[Any] | None:
    waits = (Future.result.__code__, Future.exception.__code__)
    while frame is not None:
        if frame.f_code in waits:
            future = frame.f_locals["self"]
            return future if isinstance(future, Future) and not future.done() else None
        frame = frame.f_back
    return None
