# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Several executors are left when the interpreter ends, and the ends of some of them raise.

from __future__ import annotations

import asyncio
import threading

import rclpy

from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import say, set_deadline


class Robot(AsyncioExecutor):
    """Its end fails."""

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """End, and raise."""
        super().shutdown(timeout_sec)
        raise ValueError("the motors are gone")


async def work(begun: threading.Event) -> None:
    """Wait for the end."""
    begun.set()
    try:
        await asyncio.Event().wait()
    finally:
        say("stopped")


def main() -> None:
    """Leave executors behind, each on a daemon thread."""
    set_deadline()
    rclpy.init()
    for cls in (Robot, AsyncioExecutor, Robot, AsyncioExecutor):
        executor, begun = cls(), threading.Event()
        executor.create_task(work, begun)
        threading.Thread(target=executor.spin, daemon=True).start()
        begun.wait()


main()
