# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Lets an event loop, or other tasks, do what they have to do.

import asyncio
from collections.abc import Generator


async def turns(count: int = 20) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


class Turn:
    """Lets others run: awaiting it takes one step of a task."""

    def __await__(self) -> Generator[None, None, None]:
        yield
