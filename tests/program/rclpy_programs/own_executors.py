# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Executors of the program's own: a subclass with methods of its own, and one from scratch.

from typing import Any

import rclpy
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.node import Node


class Counting(SingleThreadedExecutor):
    """Counts its calls."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(**options)
        self.label = label
        self.calls = 0

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Count one."""
        self.calls += 1
        super().spin_once(timeout_sec)


class Pooled(MultiThreadedExecutor):
    """Knows its nodes by name."""

    def __init__(self) -> None:
        super().__init__(num_threads=2)
        self.names: list[str] = []

    def add_node(self, node: Node) -> bool:
        """Note the name."""
        self.names.append(node.get_name())
        return super().add_node(node)


class Scratch(Executor):
    """From scratch: on what rclpy offers to those that build executors."""

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Run one callback."""
        try:
            handler, _, _ = self.wait_for_ready_callbacks(timeout_sec=timeout_sec)
        except StopIteration:
            return
        handler()
        handler.result()


def main() -> None:
    """Spin each."""
    rclpy.init()
    for executor in (Counting("mine"), Pooled(), Scratch()):
        node = Node(f"node_of_{type(executor).__name__.lower()}")
        ticks: list[None] = []
        timer = node.create_timer(0.001, lambda ticks=ticks: ticks.append(None))
        with executor:
            executor.add_node(node)
            while len(ticks) < 3:
                executor.spin_once(timeout_sec=1.0)
            timer.cancel()
            name = type(executor).__name__
            print(
                name,
                isinstance(executor, Executor),
                [each.get_name() for each in executor.get_nodes()],
            )
            if isinstance(executor, Counting):
                print(
                    executor.label,
                    executor.calls >= 3,
                    isinstance(executor, SingleThreadedExecutor),
                )
            if isinstance(executor, Pooled):
                print(executor.names, isinstance(executor, SingleThreadedExecutor))
        node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
