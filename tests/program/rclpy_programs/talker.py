# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Publishes five messages when somebody listens, and ends by SystemExit in a callback.

import rclpy
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

COUNT = 5


class Talker(Node):
    """Counts up on a topic."""

    def __init__(self) -> None:
        super().__init__("talker")
        profile = QoSProfile(depth=COUNT, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.publisher = self.create_publisher(String, "chatter", profile)
        self.count = 0
        self.create_timer(0.01, self.talk)

    def talk(self) -> None:
        """Publish one message, once somebody listens; after the last one wait until it has left."""
        if self.count == COUNT:
            if self.publisher.get_subscription_count() == 0:
                raise SystemExit
        elif self.publisher.get_subscription_count() > 0:
            self.count += 1
            message = String(data=f"Hello World: {self.count}")
            print("Publishing:", message.data)
            self.publisher.publish(message)


def main() -> None:
    """Run the node."""
    rclpy.init()
    node = Talker()
    try:
        rclpy.spin(node)
    except SystemExit:
        print("Nobody listens any more")
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
