# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who waits on a future of asyncio, and is woken."""

from __future__ import annotations

import asyncio


def wake(waiter: asyncio.Future[None]) -> bool:
    """Wake who waits; False if it is woken or cancelled already. On the thread of its loop.

    Not asked before: a signal handler or a finalizer, which may wake or cancel it, comes anywhere.
    """
    try:
        waiter.set_result(None)
    except asyncio.InvalidStateError:
        return False
    return True
