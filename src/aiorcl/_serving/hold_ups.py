# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Names the callbacks in workers for which the end of an executor waits."""

from __future__ import annotations

import sys
import time
import weakref
from types import FrameType
from typing import TYPE_CHECKING

from rclpy.logging import get_logger

from aiorcl._loop.interpreter_exit import is_left_alone
from aiorcl._loop.private import frames_of_threads
from aiorcl._serving.executions import ExecuteCallback

if TYPE_CHECKING:
    from aiorcl._serving.report import ExecutorReport
    from aiorcl._tasks.worker_call import Call
    from aiorcl._tasks.workers import Workers

# How long an end waits for a callback before it says so.
_SILENT_SEC = 1.0

_NOT_THE_USERS = sys.stdlib_module_names | {"rclpy", "aiorcl"}


class HoldUps:
    """A thread cannot be cancelled, so who wonders why nothing ends is told where each is."""

    def __init__(self, workers: Workers, report: ExecutorReport) -> None:
        self._workers = workers
        self._report = report
        self._since: weakref.WeakKeyDictionary[Call, float] = weakref.WeakKeyDictionary()

    def look(self) -> None:
        """The end waits: name each callback that has held it up for long, once."""
        now = time.monotonic()
        for call in self._workers.calls():
            if is_left_alone(call):
                continue  # whoever has pressed Ctrl-C knows of it
            if now - self._since.setdefault(call, now) >= _SILENT_SEC:
                self._since[call] = float("inf")
                self._name(call)

    def _name(self, call: Call) -> None:
        where = _place_in(frames_of_threads().get(call.thread))
        what = self._report.origin(call.source)
        if not isinstance(call.source, ExecuteCallback):
            what = f"the callback of {what}"
        message = f"The end of the executor waits for {what}, in a worker{where}"
        if self._workers.context_ends():  # nothing is published to /rosout any more
            get_logger("aiorcl").warning(message)
        else:
            self._report.warn(call.source, message)


def _place_in(frame: FrameType | None) -> str:
    """Return where the user's code is, of what calls what in a thread."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module.partition(".")[0] not in _NOT_THE_USERS:
            code = frame.f_code
            return f", at {code.co_filename}:{frame.f_lineno} in {code.co_qualname}()"
        frame = frame.f_back
    return ""
