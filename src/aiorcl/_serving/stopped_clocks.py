# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated clocks that stand still while coroutines clean up, and may sleep on them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rclpy.clock_type import ClockType
from rclpy.exceptions import InvalidHandle

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.clock import give_up_sleeps
from aiorcl._rclpy.compiled import RCLError
from aiorcl._rclpy.private import clock_of
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.naming import name_of

if TYPE_CHECKING:
    from rclpy.clock import Clock
    from rclpy.node import Node

# How long a clock may stand still. Who publishes /clock may be slow, or may be gone, as a timer of
# the executor that ends is.
_PATIENCE_SEC = 1.0


class StoppedClocks:
    """Those on which sleeps may be under way where an executor ends. The loop's thread."""

    def __init__(self) -> None:
        # What a clock has shown, and since when.
        self._shown: ByIdentity[Clock, tuple[int, float]] = ByIdentity()

    def look(
        self,
        loop: asyncio.AbstractEventLoop,
        nodes: Iterable[Node],
        of: Callable[[asyncio.Task[Any] | None], bool],
    ) -> None:
        """Let no coroutine sleep on the clock of a node that has not moved for a while.

        :param of: tells of a task, or of none that is known, whether it is meant.
        """
        for node in nodes:
            with contextlib.suppress(InvalidHandle, RCLError):  # it goes just now
                self._look_at(loop, node, of)

    def _look_at(
        self,
        loop: asyncio.AbstractEventLoop,
        node: Node,
        of: Callable[[asyncio.Task[Any] | None], bool],
    ) -> None:
        clock: Any = clock_of(node)  # no ROSClock from rclpy 10 on
        if clock is None or clock.clock_type is not ClockType.ROS_TIME:
            return
        if not clock.ros_time_is_active:
            return
        shows, now = clock.now().nanoseconds, time.monotonic()
        shown, since = self._shown.get(clock) or (None, now)
        if shows != shown:
            self._shown[clock] = shows, now
        elif now - since >= _PATIENCE_SEC:
            reason = f"The clock of '{name_of(node)}' stands still, and the executor ends"
            give_up_sleeps(clock, loop, lambda: EntityGoneError(reason), of)
