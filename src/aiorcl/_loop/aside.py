# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Sets the loop that runs in a thread aside, so that another one can run there."""

from __future__ import annotations

from collections.abc import Iterator

from aiorcl._loop.blocks import block
from aiorcl._loop.private import running_loop, set_running_loop, swap_current_task


@block
def aside() -> Iterator[None]:
    """No loop and no task run in this thread, as far as asyncio knows, until the block ends.

    What the loop had to do waits meanwhile, as it does for any function that takes its time.
    """
    loop = running_loop()
    # In this order, and back in the other one: a task runs on the running loop only.
    task = None if loop is None else swap_current_task(loop, None)
    set_running_loop(None)
    try:
        yield
    finally:
        set_running_loop(loop)
        if loop is not None:
            swap_current_task(loop, task)
