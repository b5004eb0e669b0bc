# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An ordinary rclpy program that floods ten topics, and beside that sends one at a steady pace.

from __future__ import annotations

import argparse

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Int64

from tests.processes.programs.talk import listen, say, set_deadline

FLOODED = 10
PACE_SEC = 0.005
BURST = 20


class Sender(Node):
    """Publishes ``count`` numbers at its pace, and floods until they are sent."""

    def __init__(self, number: int, count: int) -> None:
        super().__init__(f"sender_{number}")
        self.count = count
        self.sent = 0
        self.paced = self.create_publisher(Int64, f"paced_{number}", 5000)
        self.flooding = [
            self.create_publisher(Int64, f"flood_{topic}", 10) for topic in range(FLOODED)
        ]
        self.timer = self.create_timer(PACE_SEC, self.send_paced)

    @property
    def matched(self) -> bool:
        """Whether every topic has its subscription."""
        return all(p.get_subscription_count() for p in (self.paced, *self.flooding))

    def send_paced(self) -> None:
        """Send the next number."""
        if self.matched and self.sent < self.count:
            self.paced.publish(Int64(data=self.sent))
            self.sent += 1

    def flood(self) -> None:
        """Send a burst to every topic."""
        for publisher in self.flooding:
            for _ in range(BURST):
                publisher.publish(Int64(data=self.sent))


def main() -> None:
    """Send until the test has heard enough."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("deadline", type=float)
    options = parser.parse_args()
    set_deadline(options.deadline)
    rclpy.init(args=[])
    sender = Sender(options.number, options.count)
    executor = SingleThreadedExecutor()
    executor.add_node(sender)
    while sender.sent < sender.count:
        if sender.matched:
            sender.flood()
        executor.spin_once(timeout_sec=0.0 if sender.matched else PACE_SEC)
    say("sent")
    listen()  # what was sent is kept until the receiver has it
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
