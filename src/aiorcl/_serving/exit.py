# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of executors that nobody shut down when the interpreter ends."""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiorcl.executor import AsyncioExecutor

# How long coroutines that refuse to end may keep the interpreter from it.
_EXIT_SECONDS = 1.0

executors: weakref.WeakSet[AsyncioExecutor] = weakref.WeakSet()


@atexit.register
def _shut_down_everything() -> None:
    # The middleware must not call into an interpreter that goes down, and a daemon thread that runs
    # an executor must not be killed inside it.
    for executor in list(executors):
        executor.shutdown(timeout_sec=_EXIT_SECONDS)
        if executor._turns.thread is None:
            executor._let_go()
