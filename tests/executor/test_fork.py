# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# fork: what a forked child does to its copy of an executor is nothing to the parent.

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor

if TYPE_CHECKING:
    from tests.support.makers import Run


# Since Python 3.12 fork warns in a process with threads, and every ROS process has threads.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_shuts_its_copy_down(run: Run, context: Context, lone: Node) -> None:
    """Parent and child share an epoll; after the child's shutdown the parent still gets calls."""

    async def main() -> None:
        ticks = 0
        ticked = asyncio.Event()

        def callback() -> None:
            nonlocal ticks
            ticks += 1
            ticked.set()

        async def tick() -> None:
            ticked.clear()
            await ticked.wait()

        lone.create_timer(0.005, callback)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await tick()
            child = os.fork()
            if child == 0:
                signal.alarm(5)  # ends a child that hangs
                executor.shutdown()
                os._exit(0)
            _, status = await asyncio.to_thread(os.waitpid, child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
            before = ticks
            while ticks < before + 3:
                await tick()

    run(main)
