# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An executor on a daemon thread that is inside a callback when the process ends.
"""Run it with ``sleeps`` or ``wakes``: whether the callback goes on while the interpreter ends."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import rclpy
from rclpy.node import Node

from aiorcl import AsyncioExecutor


class Last:
    """Destroyed by the interpreter when its threads may not run any more."""

    def __init__(self, lock: Any) -> None:
        self.lock = lock

    def __del__(self, sleep: Any = time.sleep) -> None:
        self.lock.release()
        sleep(0.2)  # without the GIL, which the callback wants now; nothing tells when it has tried


def main(way: str) -> None:
    """Leave a thread inside a callback behind."""
    rclpy.init()
    node = Node("node")
    held = threading.Lock()
    held.acquire()
    inside = threading.Event()

    def callback() -> None:
        inside.set()
        held.acquire()

    node.create_timer(0.001, callback)
    executor = AsyncioExecutor()
    executor.add_node(node)
    threading.Thread(target=executor.spin, daemon=True).start()
    inside.wait()
    if way == "wakes":
        sys.last = Last(held)  # type: ignore[attr-defined]  # goes with the last of the modules


main(sys.argv[1])
