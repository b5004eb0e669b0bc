# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a thread has given to an event loop, and waits for."""

from __future__ import annotations

from concurrent.futures import Future
from types import FrameType
from typing import Any

_WAITS = (Future.result.__code__, Future.exception.__code__)


def awaited_in(frame: FrameType | None) -> Future[Any] | None:
    """Return the future in whose ``result()`` a thread is.

    :param frame: the thread's.
    """
    while frame is not None:
        if frame.f_code in _WAITS:
            future = frame.f_locals["self"]
            return future if isinstance(future, Future) and not future.done() else None
        frame = frame.f_back
    return None
