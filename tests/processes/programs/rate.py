# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The main thread sleeps by a rate, and another one spins, until a signal ends both.

from __future__ import annotations

import contextlib
import threading

import rclpy
from rclpy.exceptions import ROSInterruptException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import say, set_deadline
from tests.support.counters import wait_until_asleep


def watch(sleeper: int) -> None:
    """Say when the main thread sleeps."""
    wait_until_asleep(sleeper)
    say("sleeps")


def spin(executor: AsyncioExecutor) -> None:
    """Spin until ROS ends."""
    with contextlib.suppress(ExternalShutdownException):
        executor.spin()


def main() -> None:
    """Sleep, and say how it ended."""
    set_deadline(20)
    rclpy.init()
    node = Node("sleeper")
    executor = AsyncioExecutor()
    executor.add_node(node)
    spinning = threading.Thread(target=spin, args=(executor,))
    spinning.start()
    threading.Thread(target=watch, args=(threading.get_native_id(),)).start()
    rate = node.create_rate(0.001)
    try:
        while rclpy.ok():
            rate.sleep()
    except ROSInterruptException:
        say("interrupted")
    spinning.join()
    executor.shutdown()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
