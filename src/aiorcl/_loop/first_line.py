# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the function that a thread has called last has come to its first line."""

from __future__ import annotations

import dis
import time
from collections.abc import Callable
from types import CodeType

from aiorcl._loop.private import frames_of_threads

_RESUME = dis.opmap["RESUME"]

# A thread that is about to begin wants the GIL and nothing else. This is for one that is held there
# by a debugger.
_PATIENCE_SEC = 0.1


def let_begin(thread: int, runs: Callable[[], bool]) -> None:
    """Wait until the function that another thread has called has begun, while ``runs()``.

    Whoever wants the GIL gets it between a call and the first line of what is called.
    """
    end: float | None = None
    while runs() and _is_before_first_line(thread):
        now = time.monotonic()
        end = end or now + _PATIENCE_SEC
        if now >= end:
            return
        time.sleep(0)  # gives the GIL away


def _is_before_first_line(thread: int) -> bool:
    frame = frames_of_threads().get(thread)
    return frame is not None and frame.f_lasti <= _begin_of(frame.f_code)


def _begin_of(code: CodeType) -> int:
    """Return where the interpreter looks for threads that want the GIL, before the first line."""
    instructions = code.co_code
    for offset in range(0, len(instructions), 2):
        if instructions[offset] == _RESUME:
            return offset
    return -1
