# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Cancels as the scopes of anyio do: whatever a task awaits, until it has left the scope.

from __future__ import annotations

import asyncio
from typing import Any


class CancelsAgain:
    """Cancels a task in each turn of the loop until it has ended."""

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        self.times = 0

    def cancel(self) -> None:
        """Begin."""
        if not self._task.done():
            self.times += 1
            self._task.cancel("by a scope")
            asyncio.get_running_loop().call_soon(self.cancel)
