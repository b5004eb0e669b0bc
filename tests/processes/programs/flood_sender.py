# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An ordinary rclpy program that floods ten topics, and beside that sends one at a steady pace.

from __future__ import annotations

import argparse
import contextlib
import itertools
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from std_msgs.msg import Int64

from tests.processes.programs.talk import listen, say, set_deadline

FLOODED = 10
PACE_SEC = 0.005
BURST = 20
# More than is ever sent: a flood overflows the middleware's transport, and what is lost there, and
# all that comes after it, waits for a repair that takes seconds.
DEPTH = 20_000


class Sender(Node):
    """Publishes numbers at its pace, and lets bursts flood the other topics in between."""

    def __init__(self, number: int) -> None:
        super().__init__(f"sender_{number}")
        self.sent = 0
        self.paced = self.create_publisher(Int64, f"paced_{number}", DEPTH)
        self.flooding = [
            self.create_publisher(Int64, f"flood_{topic}", 10) for topic in range(FLOODED)
        ]
        self.turn = itertools.cycle(self.flooding)
        self.create_timer(PACE_SEC, self.send_paced)

    @property
    def matched(self) -> bool:
        """Whether every topic has its subscription."""
        return all(p.get_subscription_count() for p in (self.paced, *self.flooding))

    def send_paced(self) -> None:
        """Send the next number."""
        if self.matched:
            self.paced.publish(Int64(data=self.sent))
            self.sent += 1

    def flood(self) -> None:
        """Send a burst to the next topic."""
        publisher = next(self.turn)
        for _ in range(BURST):
            # A reliable writer waits for room, but not for long: then this one is not sent.
            with contextlib.suppress(_rclpy.RCLError):
                publisher.publish(Int64(data=self.sent))


def main() -> None:
    """Send for some time, and say how many numbers were sent at the pace."""
    parser = argparse.ArgumentParser()
    parser.add_argument("number", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("deadline", type=float)
    options = parser.parse_args()
    set_deadline(options.deadline)
    rclpy.init(args=[])
    sender = Sender(options.number)
    executor = SingleThreadedExecutor()
    executor.add_node(sender)
    while not sender.sent:
        executor.spin_once()
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        sender.flood()
        executor.spin_once(timeout_sec=0)
    say(sender.sent)
    listen()  # what was sent is kept until the receiver has it
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
