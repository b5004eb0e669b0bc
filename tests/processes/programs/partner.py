# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An ordinary rclpy program that publishes, echoes or answers, when the test tells it to.

from __future__ import annotations

import select
import sys
from collections.abc import Callable

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64, String
from std_srvs.srv import SetBool

from tests.processes.programs.talk import listen, say, set_deadline

DEPTH = 1000
FLOOD = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def burst(node: Node, spin_until: Callable[[Callable[[], object]], None]) -> None:
    """Publish a thousand numbers at once, when told to."""
    publisher = node.create_publisher(Int64, "burst", DEPTH)
    spin_until(publisher.get_subscription_count)
    say("ready")
    listen()
    for number in range(DEPTH):
        publisher.publish(Int64(data=number))
    say("sent")
    listen()  # what was sent is kept until the test has it


def flood(node: Node, spin_until: Callable[[Callable[[], object]], None]) -> None:
    """Publish large messages, faster than anybody takes them and nobody repairs, until told."""
    publisher = node.create_publisher(String, "flood", FLOOD)
    message = String(data="a" * 60000)
    spin_until(publisher.get_subscription_count)
    while not select.select([sys.stdin], [], [], 0)[0]:
        publisher.publish(message)
    listen()


def echo(node: Node, spin_until: Callable[[Callable[[], object]], None]) -> None:
    """Send a thousand numbers back, in the order in which they come."""
    publisher = node.create_publisher(Int64, "pong", DEPTH)
    echoed = 0

    def callback(message: Int64) -> None:
        nonlocal echoed
        publisher.publish(message)
        echoed += 1

    node.create_subscription(Int64, "ping", callback, DEPTH)
    spin_until(publisher.get_subscription_count)
    say("ready")
    spin_until(lambda: echoed == DEPTH)
    say("echoed")
    listen()


def answer(node: Node, spin_until: Callable[[Callable[[], object]], None]) -> None:
    """Answer each request when told to, until told that it is the last one."""
    ending = False

    def handler(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        nonlocal ending
        say("asked")
        ending = listen() == "answer for the last time"
        response.success = request.data
        return response

    node.create_service(SetBool, "service", handler)
    say("ready")
    spin_until(lambda: ending)
    listen()


PARTS = {"burst": burst, "flood": flood, "echo": echo, "answer": answer}


def main() -> None:
    """Do the part that the command line names."""
    set_deadline()
    rclpy.init(args=[])
    node = Node("partner")
    executor = SingleThreadedExecutor()
    executor.add_node(node)

    def spin_until(condition: Callable[[], object]) -> None:
        while not condition():
            executor.spin_once(timeout_sec=0.01)

    PARTS[sys.argv[1]](node, spin_until)
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
