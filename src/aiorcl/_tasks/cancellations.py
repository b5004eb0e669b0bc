# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Cancellations that come at another time than that of ``task.cancel()``."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any


def task_that_cancels(
    coroutine: Coroutine[Any, Any, Any], name: str, context: contextvars.Context | None = None
) -> asyncio.Task[Any]:
    """Return a task, of the running loop, that throws CancelledError into a suspended coroutine."""
    loop = asyncio.get_running_loop()
    task = asyncio.Task(coroutine, loop=loop, name=name, context=context)
    task.cancel()
    return task


def cancel_at_suspension() -> None:
    """Let the running task have the cancellation that it has got when it is suspended next."""
    task = asyncio.current_task()
    assert task is not None  # which has got it
    task.uncancel()
    task.cancel()
