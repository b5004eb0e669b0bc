# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks that take a while, and the way to wait for them.

from __future__ import annotations

import time
from typing import Any

from aiorcl import AsyncioExecutor

#: How long one takes.
BUSY_NS = 3_000_000


def keep_busy(*_: object) -> None:
    """Keep the thread busy for BUSY_NS."""
    end = time.monotonic_ns() + BUSY_NS
    while time.monotonic_ns() < end:
        pass


def spin(executor: AsyncioExecutor, condition: Any) -> None:
    """Spin until it holds, which a callback brings about."""
    while not condition():
        executor.spin_once(timeout_sec=10)
