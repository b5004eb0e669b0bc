# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Two nodes that talk, as a user's module has them; test_cli.py runs them by name.

from rclpy.node import Node
from std_msgs.msg import String


class Talker(Node):
    """Publishes its parameter ``text`` over and over."""

    def __init__(self) -> None:
        super().__init__("talker")
        self.declare_parameter("text", "hello")
        self.publisher = self.create_publisher(String, "chatter", 10)
        self.create_timer(0.01, self.talk)

    def talk(self) -> None:
        """Publish once."""
        self.publisher.publish(String(data=self.get_parameter("text").value))


class Listener(Node):
    """Prints what it hears."""

    def __init__(self) -> None:
        super().__init__("listener")
        self.subscription = self.create_subscription(String, "chatter", self.listen, 10)

    def listen(self, message: String) -> None:
        """Print one message."""
        name, topic = self.get_fully_qualified_name(), self.subscription.topic_name
        print(f"{name} heard {message.data} on {topic}", flush=True)


def make_listener() -> Listener:
    """Make a node without being its class."""
    return Listener()
