# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A subscription that keeps all of its history, and takes nothing of it before it is told to.

from __future__ import annotations

import sys

import rclpy
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import listen, say, set_deadline


def main() -> None:
    """Say how many messages there were when the last one has come, and which that was."""
    set_deadline()
    last, received = int(sys.argv[1]), [0]
    qos = QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE)
    rclpy.init(args=[])
    node = Node("slow_reader", start_parameter_services=False)
    with AsyncioExecutor() as executor:
        done = executor.create_future()

        def callback(message: Int64) -> None:
            received[0] += 1
            if message.data == last:
                done.set_result(None)

        node.create_subscription(Int64, "topic", callback, qos)
        say("ready")
        if listen():
            executor.add_node(node)
            executor.spin_until_future_complete(done)
            say(received[0])
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
