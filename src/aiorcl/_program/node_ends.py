# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How nodes, and ROS after them, end with a program."""

from __future__ import annotations

import contextlib

import rclpy
from rclpy.context import Context
from rclpy.node import Node

from aiorcl._rclpy.private import nodes_of
from aiorcl._serving.context import going_down
from aiorcl._serving.destroyed import is_destroyed


def destroy(node: Node) -> None:
    """Destroy a node by its method, once; it is destroyed then, whatever that raises or leaves out.

    Nothing happens if it was destroyed already, as by ``rclpy.shutdown()`` from Kilted on.
    """
    if is_destroyed(node):
        return
    try:
        node.destroy_node()
    finally:
        # Or rclpy would call that method once more, at the end of the context.
        if not is_destroyed(node):
            Node.destroy_node(node)


class NodesToDestroy(contextlib.ExitStack):
    """Nodes to destroy at the end of a block, the last one first."""

    def add(self, node: Node) -> Node:
        """Destroy a node then, unless it was destroyed already; return it."""
        self.callback(destroy, node)
        return node


def end_ros(context: Context, *, is_default: bool) -> None:
    """Destroy the nodes that are left in a context, and shut it down, whatever any of them raises.

    :param is_default: it was rclpy's default context when it was initialised.
    """
    # Not by an ExitStack: inside a callback of another one it loses the exception that was before.
    with going_down(context):
        try:
            # rclpy would destroy them (from Kilted on) under both locks, where rclpy.ok() waits for
            # ever, if only in a thread that a node joins; and stop at the first that raises.
            _destroy_all(nodes_of(context))
        finally:
            try:
                # Before the call below, which has rclpy's lock of the default context: rclpy.ok()
                # would wait for that in the user's on_shutdown().
                context.try_shutdown()
            finally:
                # Whichever is the default one by now: rclpy has a new one only if it is not named.
                rclpy.try_shutdown(context=None if is_default else context)


def _destroy_all(nodes: list[Node]) -> None:
    """Destroy nodes, the last one first, whatever any of them raises."""
    if nodes:
        try:
            destroy(nodes.pop())
        finally:
            _destroy_all(nodes)
