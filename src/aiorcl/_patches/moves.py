# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A node that goes to another executor is taken from ours for good, before the other one has it."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node

from aiorcl._serving.abstract import ExecutorBase


def apply() -> None:
    """Change the class; once.

    rclpy's setter calls ``remove_node`` just as ``rclpy.spin_once`` does, which brings the node
    back: an executor of ours keeps it then, until it is told a second time.
    """
    rclpys: Any = Node.executor

    def set_executor(self: Node, executor: Any) -> None:
        before = self.executor
        if isinstance(before, ExecutorBase) and before is not executor:
            before.remove_node(self)
        rclpys.fset(self, executor)

    setattr(Node, "executor", property(rclpys.fget, set_executor, rclpys.fdel, rclpys.__doc__))
