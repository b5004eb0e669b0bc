# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How a thread waits for another one that runs an executor."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiorcl import _core


class Bell:
    """Rings once: at the end of a run, when a callback was called, or when somebody says so.

    Hang it up, look whether there is anything to wait for, and wait. Any thread, also inside a
    finalizer or a signal handler: whoever rings takes no lock.
    """

    def __init__(self, dispatcher: _core.Dispatcher) -> None:
        self._silence = threading.Lock()
        self._silence.acquire()
        dispatcher.wait_for_run(self._silence.release)

    def wait(self, timeout: float | None) -> bool:
        """Return True when it has rung, False when the time is over; None: no limit."""
        return self._silence.acquire(timeout=-1 if timeout is None else timeout)
