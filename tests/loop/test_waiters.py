# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Who is woken, or cancelled, is not woken again, and nothing is raised.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from aiorcl._loop.waiters import wake


@pytest.mark.parametrize(
    "before", [wake, lambda waiter: waiter.cancel()], ids=["woken", "cancelled"]
)
def test_the_first_one_counts(before: Callable[[Any], object]) -> None:
    """Whatever a signal handler or a finalizer has done a moment before."""

    async def main() -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        assert before(waiter)
        assert not wake(waiter)

    asyncio.run(main())
