# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A node that is made with arguments; test_cli.py gives them on the command line.

from collections.abc import Sequence

from rclpy.node import Node


class Greeter(Node):
    """Says once whom it greets, and how."""

    def __init__(self, whom: str, *, words: Sequence[str] = ("hello",), times: int = 1) -> None:
        super().__init__("greeter")
        self._said = " ".join([*words, whom] * times)
        self._timer = self.create_timer(0.0, self.greet)

    def greet(self) -> None:
        """Say it."""
        self._timer.cancel()
        print("ready:", self._said, flush=True)
