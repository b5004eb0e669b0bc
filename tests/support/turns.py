# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Lets an event loop do what it has to do.

import asyncio


async def turns(count: int = 20) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)
