# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A node that keeps its loop busy; test_cli.py runs it by name.

import time

from rclpy.node import Node


class Slow(Node):
    """Computes for 20 ms, over and over."""

    def __init__(self) -> None:
        super().__init__("slow")
        self.create_timer(0.01, self.compute)

    def compute(self) -> None:
        """Keep the loop busy."""
        end = time.monotonic() + 0.02
        while time.monotonic() < end:
            pass
