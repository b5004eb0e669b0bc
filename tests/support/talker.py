# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What the tests of streams listen to, and how they take it.

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Int64

import aiorcl


def subscriptions(node: Node) -> int:
    """Count the subscriptions of a node to the topic of the tests."""
    return sum(each.topic_name == "/topic" for each in node.subscriptions)


async def take(stream: aiorcl.MessageStream[Int64], count: int) -> list[int]:
    """Take so many messages."""
    return [(await anext(stream)).data for _ in range(count)]


class Talker:
    """Publishes numbers."""

    def __init__(self, node: Node, qos_profile: QoSProfile | int = 10) -> None:
        self._publisher = node.create_publisher(Int64, "topic", qos_profile)

    def say(self, *numbers: int) -> None:
        """Publish each of them."""
        for number in numbers:
            self._publisher.publish(Int64(data=number))
