# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What an executor tells of itself: statistics, and warnings of slow callbacks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from rclpy.logging import get_logger

from aiorcl._serving.abstract import ExecutorBase
from aiorcl._serving.node import watched
from aiorcl._serving.statistics import ExecutorStats, describe, stats_of

if TYPE_CHECKING:
    from rclpy.impl.rcutils_logger import RcutilsLogger
    from rclpy.node import Node

    from aiorcl import _core
    from aiorcl._tasks.owned import Work
    from aiorcl.executor import AsyncioExecutor


class Introspection(ExecutorBase):
    """The part of the executor that looks at the rest of it."""

    _dispatcher: _core.Dispatcher
    _work: Work

    def stats(self) -> ExecutorStats:
        """Tell how often entities were called, how late, and for how long. Any thread.

        It is recorded all the time: that costs two readings of a clock per callback.
        """
        return stats_of(cast("AsyncioExecutor", self))

    @property
    def slow_callback_duration(self) -> float | None:
        """Log a warning, with the name, of whatever keeps the loop for so long; in seconds.

        A callback, or a step of a coroutine that the executor owns. By the logger of its node.
        None, as at first: of nothing. Set it on the loop's thread.
        """
        slow_ns = self._work.slow_ns
        return None if slow_ns is None else slow_ns / 1e9

    @slow_callback_duration.setter
    def slow_callback_duration(self, seconds: float | None) -> None:
        if seconds is not None and seconds < 0:
            raise ValueError(f"A duration is not negative, got {seconds!r}")
        self._work.slow_ns = None if seconds is None else int(seconds * 1e9)
        self._dispatcher.slow_ns = sys.maxsize if seconds is None else int(seconds * 1e9)

    def _on_slow_callback(self, entity: _core.Entity, took_ns: int) -> None:
        found = watched(entity.rclpy_entity)
        self._warn(describe(entity), took_ns, None if found is None else found[1].node)

    def _on_slow_step(self, name: str, took_ns: int, node: Node | None) -> None:
        self._warn(f"A step of {name}", took_ns, node)

    def _warn(self, what: str, took_ns: int, node: Node | None) -> None:
        logger: RcutilsLogger = get_logger("aiorcl") if node is None else node.get_logger()
        logger.warning(f"{what[0].upper()}{what[1:]} kept the loop for {took_ns / 1e6:.1f} ms")
