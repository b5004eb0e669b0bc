# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Spins an executor until something has happened, and fails when it does not happen.
"""The one way in which single-threaded tests wait.

Nothing but ``discover`` polls: each ``spin_once`` may take all the time that there is, so a
wake-up that an executor misses is a failure and not a delay.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.task import Future


class Spinner:
    """Spins one executor, with one deadline for every wait."""

    def __init__(self, executor: Executor, deadline_sec: float) -> None:
        self.executor = executor
        self.deadline_sec = deadline_sec

    def until(self, condition: Callable[[], object]) -> None:
        """Run callbacks one at a time until ``condition`` holds, which a callback brings about."""
        end = time.monotonic() + self.deadline_sec
        while not condition():
            if time.monotonic() >= end:
                pytest.fail(f"Nothing brought it about in {self.deadline_sec} s")
            # Always the same timeout: with another one SingleThreadedExecutor starts anew at
            # its first entity, and starves the others.
            self.executor.spin_once(timeout_sec=self.deadline_sec)

    def complete(self, future: Future[Any]) -> Any:
        """Spin until ``future`` is done and return its result."""
        self.executor.spin_until_future_complete(future, timeout_sec=self.deadline_sec)
        assert future.done(), f"The future was not completed in {self.deadline_sec} s"
        return future.result()

    def discover(self, condition: Callable[[], object]) -> None:
        """Spin until ``condition`` holds, which the graph brings about without any callback."""
        end = time.monotonic() + self.deadline_sec
        while not condition():
            if time.monotonic() >= end:
                pytest.fail(f"It was not discovered in {self.deadline_sec} s")
            self.executor.spin_once(timeout_sec=0.01)

    def drain(self, turns: int = 20) -> None:
        """Run what is ready, without waiting for more."""
        for _ in range(turns):
            self.executor.spin_once(timeout_sec=0)
