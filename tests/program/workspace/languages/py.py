# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A node to run by name: languages.py:make_node.

import rclpy
from rclpy.node import Node


def make_node() -> Node:
    """Make a node that ends the program."""
    node = Node("node")
    node.create_timer(0.0, rclpy.shutdown)
    return node
