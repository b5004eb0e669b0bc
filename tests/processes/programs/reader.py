# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A subscription that keeps all of its history, in a process that the test stops for a while.

from __future__ import annotations

import sys

import rclpy
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import say, set_deadline


def main() -> None:
    """Say which message came before the last one."""
    set_deadline()
    last, before = int(sys.argv[1]), 0
    qos = QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE)
    rclpy.init(args=[])
    node = Node("reader", start_parameter_services=False)
    with AsyncioExecutor() as executor:
        done = executor.create_future()

        def callback(message: Int64) -> None:
            nonlocal before
            if message.data == last:
                done.set_result(before)
            before = message.data

        node.create_subscription(Int64, "topic", callback, qos)
        executor.add_node(node)
        say("ready")
        executor.spin_until_future_complete(done)
        say(done.result())
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
