# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How long something is waited for before it is tried again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from aiorcl._loop.aside import loop_here

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Patience:
    """The waits for one thing, each twice as long as the one before.

    :param first_wait_sec: the first wait is at least so long, and at most twice that.
    """

    def __init__(self, first_wait_sec: float) -> None:
        self._wait_sec = first_wait_sec
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, overdue: Callable[..., object], *args: Any) -> None:
        """Wait once more, and call then, on the loop that runs.

        Not all at once: what was lost together would be lost together again.
        """
        delay = random.uniform(self._wait_sec, 2 * self._wait_sec)
        loop = loop_here()
        assert loop is not None  # which calls us
        self._timer = loop.call_later(delay, overdue, *args)
        self._wait_sec *= 2

    def end(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
