# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Several executors are left when the interpreter ends, and the ends of some of them raise.

from __future__ import annotations

import asyncio
import threading

import rclpy

from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import say, set_deadline


async def work(begun: threading.Event, error: BaseException | None) -> None:
    """Wait for the end, which may fail."""
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        say("stopped")
        if error is not None:
            raise error


def main() -> None:
    """Leave executors behind: two that nobody spins any more, two on daemon threads."""
    set_deadline()
    rclpy.init()
    for error in (ValueError("the motors are gone"), None) * 2:
        executor, begun = AsyncioExecutor(), threading.Event()
        executor.create_task(work, begun, error)
        if error is not None:
            executor.spin_once()
        else:
            threading.Thread(target=executor.spin, daemon=True).start()
            begun.wait()
        executors.append(executor)


executors: list[AsyncioExecutor] = []
main()
