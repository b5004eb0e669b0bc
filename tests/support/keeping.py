# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Awaits that keep a cancellation to themselves, as asyncio's own may.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.support.elsewhere import DEADLINE_SEC

#: Awaits a future.
Wait = Callable[[asyncio.Future[None]], Coroutine[Any, Any, None]]


async def wait_for(future: asyncio.Future[None]) -> None:
    """Return the result, though cancelled: so does Python 3.11."""
    await asyncio.wait_for(future, DEADLINE_SEC)


async def wait_for_task(future: asyncio.Future[None]) -> None:
    """Await a task that makes nothing of its cancellation."""

    async def wait() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await future

    await asyncio.create_task(wait())


#: Of tests, with the await as ``wait``.
KEEPING = pytest.mark.parametrize("wait", [wait_for, wait_for_task], ids=lambda w: w.__name__)
