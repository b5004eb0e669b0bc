# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Done callbacks of futures that need no task of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rclpy.task


class InlineCallback:
    """A done callback that runs where the future is completed, without a task of its own."""

    __slots__ = ()

    #: True for one that wakes a task, which then gets the outcome of the future.
    awaits = False

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        raise NotImplementedError


class CallsInline(InlineCallback):
    """A done callback that calls a function."""

    def __init__(self, call: Callable[[rclpy.task.Future[Any]], object]) -> None:
        self._call = call

    def __call__(self, future: rclpy.task.Future[Any]) -> None:
        self._call(future)
