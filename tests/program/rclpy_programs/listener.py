# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Prints five messages, and ends by a future.

import sys

import rclpy
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.task import Future
from std_msgs.msg import String


def main() -> None:
    """Listen until a future is done."""
    rclpy.init(args=sys.argv)
    node = Node("listener")
    heard: list[str] = []
    finished: Future[None] = Future()

    def listen(message: String) -> None:
        heard.append(message.data)
        print("I heard:", message.data)
        if len(heard) == 5:
            finished.set_result(None)

    profile = QoSProfile(depth=5, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    node.create_subscription(String, "chatter", listen, profile)
    print("Before:", finished.done())
    rclpy.spin_until_future_complete(node, finished, timeout_sec=0.0)
    rclpy.spin_until_future_complete(node, finished)
    print("After:", finished.done(), finished.result())
    node.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
