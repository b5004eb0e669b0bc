# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Callback groups beside rclpy's own: one with a limit."""

from __future__ import annotations

import operator
import threading
from typing import Any

from rclpy.callback_groups import CallbackGroup


class LimitedCallbackGroup(CallbackGroup):
    """At most ``limit`` callbacks of the group are under way at a time.

    Between a MutuallyExclusiveCallbackGroup, whose limit is 1, and a ReentrantCallbackGroup, which
    has none. A coroutine callback counts until it has ended, also while it is suspended. What may
    not start yet stays in the middleware's queue.

    For any executor: those of rclpy ask the three methods below, and any thread may call them. Of
    an `AsyncioExecutor` each has its own count.

    :param limit: at least 1.
    :raises ValueError: if it is less.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = operator.index(limit)
        if self._limit < 1:
            raise ValueError(f"A callback group needs a limit of at least 1, not {limit}")
        self._running = 0
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many callbacks may be under way at a time."""
        return self._limit

    def can_execute(self, entity: Any) -> bool:
        """Return True if a callback may start now."""
        with self._lock:
            return self._running < self._limit

    def beginning_execution(self, entity: Any) -> bool:
        """Take a place for a callback; False if there is none."""
        with self._lock:
            if self._running >= self._limit:
                return False
            self._running += 1
            return True

    def ending_execution(self, entity: Any) -> None:
        """Give the place of a callback back."""
        with self._lock:
            self._running -= 1
