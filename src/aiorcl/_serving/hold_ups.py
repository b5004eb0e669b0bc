# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Names the callbacks in workers, and the coroutines, for which the end of an executor waits."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, cast

from rclpy.logging import get_logger

from aiorcl._loop.interpreter_exit import is_left_alone
from aiorcl._loop.places import is_the_users, place, place_in
from aiorcl._loop.private import frames_of_threads
from aiorcl._serving.executions import ExecuteCallback
from aiorcl._serving.naming import name_of
from aiorcl._serving.report import logger_of
from aiorcl._tasks.suspended import chain

if TYPE_CHECKING:
    from collections.abc import Collection

    from rclpy.node import Node

    from aiorcl._serving.report import ExecutorReport
    from aiorcl._tasks.coroutine_steps import Steps
    from aiorcl._tasks.worker_call import Call
    from aiorcl._tasks.workers import Workers

# How long an end waits for a callback in a worker before it says so; and for a coroutine, which may
# be cancelled once more after a second.
_SILENT_SEC = 1.0
_CLEANUP_SEC = 2.0


class HoldUps:
    """A thread cannot be cancelled, so who wonders why nothing ends is told where each is.

    A coroutine may catch its cancellation, and go on, or clean up for long.
    """

    def __init__(self, workers: Workers, report: ExecutorReport) -> None:
        self._workers = workers
        self._report = report
        self._since: weakref.WeakKeyDictionary[Call | Steps, float] = weakref.WeakKeyDictionary()

    def look(self, coroutines: Collection[Steps] = ()) -> bool:
        """The end waits: name each that has held it up for long, once.

        :param coroutines: for which it waits; those of callbacks in workers may be among them.
        :return: True if it is too early to name some of the coroutines.
        """
        for call in self._workers.calls():
            # Of one that was left alone whoever has pressed Ctrl-C knows.
            if not is_left_alone(call) and self._is_to_name(call, _SILENT_SEC):
                self._name(call)
        for steps in coroutines:
            if self._is_to_name(steps, _CLEANUP_SEC):
                self._name_coroutine(steps)
        return any(self._since[steps] != float("inf") for steps in coroutines)

    def _is_to_name(self, what: Call | Steps, silent_sec: float) -> bool:
        now = time.monotonic()
        if now - self._since.setdefault(what, now) < silent_sec:
            return False
        self._since[what] = float("inf")
        return True

    def _name_coroutine(self, steps: Steps) -> None:
        frames = [frame for _, frame in chain(steps) if frame is not None]
        frame = next((frame for frame in reversed(frames) if is_the_users(frame)), None)
        if frames and frame is None:
            return  # ours: it waits for a callback in a worker, which is named by itself
        node = cast("Node | None", steps.owner)
        what = f"the coroutine '{steps.__qualname__}'"
        if node is not None:
            what += f" of node '{name_of(node)}'"
        message = f"The end of the executor waits for {what}, which was cancelled"
        logger = get_logger("aiorcl") if self._workers.context_ends() else logger_of(node)
        logger.warning(message + ("" if frame is None else place(frame)))

    def _name(self, call: Call) -> None:
        where = place_in(frames_of_threads().get(call.thread))
        what = self._report.origin(call.source)
        if not isinstance(call.source, ExecuteCallback):
            what = f"the callback of {what}"
        message = f"The end of the executor waits for {what}, in a worker{where}"
        if self._workers.context_ends():  # nothing is published to /rosout any more
            get_logger("aiorcl").warning(message)
        else:
            self._report.warn(call.source, message)
