# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An ordinary rclpy program that sends messages and requests to a node which moves meanwhile.

from __future__ import annotations

import argparse

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Int64
from test_msgs.srv import BasicTypes

from tests.processes.programs.talk import listen, say, set_deadline

PACE_SEC = 0.002
DEPTH = 20_000


class Partner(Node):
    """Publishes numbers, and asks for the answer to one request after the other."""

    def __init__(self, count: int) -> None:
        super().__init__("partner")
        self.left = list(reversed(range(count)))
        self.answers: list[int] = []
        self.publisher = self.create_publisher(Int64, "topic", DEPTH)
        self.client = self.create_client(BasicTypes, "service")
        self.create_timer(PACE_SEC, self.send)
        self.begun = False

    def send(self) -> None:
        """Send the next number."""
        matched = self.publisher.get_subscription_count() and self.client.service_is_ready()
        if not self.left or not matched:
            return
        self.publisher.publish(Int64(data=self.left.pop()))
        if not self.begun:
            self.begun = True
            self.ask(0)

    def ask(self, number: int) -> None:
        """Send a request, and the next one when it is answered."""
        future = self.client.call_async(BasicTypes.Request(int64_value=number))

        def answered(future: rclpy.task.Future[BasicTypes.Response]) -> None:
            response = future.result()
            assert response is not None
            self.answers.append(response.int64_value)
            if self.left:
                self.ask(number + 1)

        future.add_done_callback(answered)
        self.asked = number + 1


def main() -> None:
    """Send all numbers, and say how many requests were sent, and that all were answered."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    set_deadline()
    rclpy.init(args=[])
    partner = Partner(options.count)
    executor = SingleThreadedExecutor()
    executor.add_node(partner)
    while partner.left or len(partner.answers) < partner.asked:
        executor.spin_once()
    assert partner.answers == list(range(partner.asked))
    say(partner.asked)
    listen()  # what was sent is kept until the receiver has it
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
