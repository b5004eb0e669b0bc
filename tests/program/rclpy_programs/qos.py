# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Quality of service: what does not fit is told to both sides, and what was sent before comes late.

import rclpy
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64


def main() -> None:
    """Make those that fit, and those that do not."""
    rclpy.init()
    executor, node = SingleThreadedExecutor(), Node("qos")
    executor.add_node(node)

    told: dict[str, int] = {}
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    reliable = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    node.create_publisher(
        Int64,
        "unfit",
        best_effort,
        event_callbacks=PublisherEventCallbacks(
            incompatible_qos=lambda event: told.update(offered=event.last_policy_kind),
            use_default_callbacks=False,
        ),
    )
    node.create_subscription(
        Int64,
        "unfit",
        print,
        reliable,
        event_callbacks=SubscriptionEventCallbacks(
            incompatible_qos=lambda event: told.update(requested=event.last_policy_kind),
            use_default_callbacks=False,
        ),
    )
    while len(told) < 2:
        executor.spin_once()
    print(sorted(told), len(set(told.values())))

    kept = QoSProfile(depth=3, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = node.create_publisher(Int64, "kept", kept)
    for number in range(5):
        publisher.publish(Int64(data=number))
    came: list[int] = []
    node.create_subscription(Int64, "kept", lambda message: came.append(message.data), kept)
    while len(came) < 3:
        executor.spin_once()
    print(came)
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
