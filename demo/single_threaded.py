# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The main function of an ordinary rclpy program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rclpy
from rclpy.executors import SingleThreadedExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rclpy.node import Node


def spin(make_nodes: Callable[[], Iterable[Node]]) -> None:
    """Run nodes under SingleThreadedExecutor until SIGINT or SIGTERM."""
    rclpy.init()
    executor = SingleThreadedExecutor()
    try:
        for node in make_nodes():
            executor.add_node(node)
        executor.spin()
    except KeyboardInterrupt:
        pass
    except Exception:
        # On SIGTERM a thread of rclpy's shuts the context down, perhaps in the middle of a
        # callback or of a wait; whatever they ask of rcl fails from then on.
        if rclpy.ok():
            raise
    finally:
        executor.shutdown()
        rclpy.try_shutdown()
