# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Runs under a flood while its callbacks work, sleep, publish, call, create and destroy entities.

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor
from tests.processes.programs.flood_sender import DEPTH, FLOODED
from tests.processes.programs.talk import listen, say, set_deadline
from tests.support.loops import LOOPS


class Receiver(Node):
    """Takes everything, and does everything in its callbacks."""

    def __init__(self, senders: int) -> None:
        super().__init__("receiver")
        self.sent: list[int] | None = None  # what must arrive, when that is known
        self.done: Future[None] = Future()
        self.paced: list[list[int]] = [[] for _ in range(senders)]
        self.calls = dict.fromkeys(
            ("flooded", "echoed", "answered", "made", "from_thread", "timer"), 0
        )
        for number in range(senders):
            self.create_subscription(
                Int64, f"paced_{number}", lambda m, number=number: self.on_paced(number, m), DEPTH
            )
        work: list[Callable[[Int64], Any]] = [
            self.compute,
            self.rest,
            self.echo,
            self.make_subscription,
            self.make_timer,
            self.make_service,
            self.call_service,
            self.make_publisher,
            self.compute,
            self.call_service,
        ]
        for topic, callback in zip(range(FLOODED), work, strict=True):
            self.create_subscription(Int64, f"flood_{topic}", callback, 10)
        self.echoing = self.create_publisher(Int64, "echo", 10)
        self.create_subscription(Int64, "echo", self.counting("echoed"), 10)
        self.create_subscription(Int64, "thread", self.counting("from_thread"), 10)
        self.create_service(Trigger, "service", lambda _, response: response)
        self.client = self.create_client(Trigger, "service")
        self.create_timer(0.01, self.counting("timer"))
        self.spare: list[Callable[[], object]] = []

    def count_up(self, name: str) -> bool:
        """Count a call; tell whether it is one of the few that do the costly thing."""
        self.calls[name] += 1
        return self.calls[name] % 50 == 0

    def counting(self, name: str) -> Callable[..., None]:
        """Make a callback that counts its calls."""

        def callback(_: object = None) -> None:
            self.count_up(name)

        return callback

    def on_paced(self, number: int, message: Int64) -> None:
        """Take what must arrive."""
        self.paced[number].append(message.data)
        self.look()

    def expect(self, sent: list[int]) -> None:
        """Learn how many numbers each sender has sent."""
        self.sent = sent
        self.look()

    def look(self) -> None:
        """Be done if all is here."""
        if self.sent == [len(numbers) for numbers in self.paced]:
            self.done.set_result(None)

    def compute(self, _: Int64) -> None:
        """Work."""
        self.count_up("flooded")
        sum(range(500))

    def rest(self, _: Int64) -> None:
        """Block the loop."""
        if self.count_up("flooded"):
            time.sleep(0.002)  # what a driver might do

    def echo(self, message: Int64) -> None:
        """Publish."""
        self.count_up("flooded")
        self.echoing.publish(message)

    def replace(self, destroy: Callable[[], object]) -> None:
        """Destroy the oldest of the entities that callbacks have made."""
        self.calls["made"] += 1
        self.spare.append(destroy)
        if len(self.spare) > 5:
            self.spare.pop(0)()

    def make_subscription(self, _: Int64) -> None:
        """Subscribe to a topic of the flood for a while."""
        if self.count_up("flooded"):
            made = self.create_subscription(Int64, "flood_0", lambda _: None, 10)
            self.replace(lambda: self.destroy_subscription(made))

    def make_timer(self, _: Int64) -> None:
        """Have one more timer for a while."""
        if self.count_up("flooded"):
            made = self.create_timer(0.001, lambda: None)
            self.replace(lambda: self.destroy_timer(made))

    def make_service(self, _: Int64) -> None:
        """Offer one more service for a while."""
        if self.count_up("flooded"):
            made = self.create_service(Trigger, "other", lambda _, response: response)
            self.replace(lambda: self.destroy_service(made))

    def make_publisher(self, _: Int64) -> None:
        """Have one more publisher for a while."""
        if self.count_up("flooded"):
            made = self.create_publisher(Int64, "echo", 10)
            made.publish(Int64())
            self.replace(lambda: self.destroy_publisher(made))

    async def call_service(self, _: Int64) -> None:
        """Ask the service, and give up some of the calls."""
        self.count_up("flooded")
        future = self.client.call_async(Trigger.Request())
        if self.calls["flooded"] % 7 == 0:
            future.cancel()
            return
        await future
        self.calls["answered"] += 1


def publish_until(stop: threading.Event, node: Node) -> None:
    """Publish on a thread of its own, as a driver would."""
    publisher = node.create_publisher(Int64, "thread", 10)
    while not stop.is_set():
        publisher.publish(Int64())
        stop.wait(0.001)


def hear_what_was_sent(receiver: Receiver, executor: AsyncioExecutor) -> None:
    """Wait, on a thread of its own, for the test to say how many numbers each sender has sent."""
    executor.create_task(receiver.expect, [int(count) for count in listen().split()])


def main() -> None:
    """Receive until everything paced is here, and say what came."""
    parser = argparse.ArgumentParser()
    parser.add_argument("loop", choices=LOOPS)
    parser.add_argument("senders", type=int)
    parser.add_argument("deadline", type=float)
    options = parser.parse_args()
    set_deadline(options.deadline)
    rclpy.init(args=[])
    receiver = Receiver(options.senders)
    loop = LOOPS[options.loop]()
    stop = threading.Event()
    with AsyncioExecutor(loop=loop) as executor:
        executor.add_node(receiver)
        threads = [
            threading.Thread(target=publish_until, args=(stop, receiver)),
            threading.Thread(target=hear_what_was_sent, args=(receiver, executor)),
        ]
        for thread in threads:
            thread.start()
        executor.spin_until_future_complete(receiver.done)
    stop.set()
    for thread in threads:
        thread.join()
    loop.close()
    receiver.destroy_node()
    rclpy.shutdown()
    in_order = [numbers == list(range(len(numbers))) for numbers in receiver.paced]
    say(json.dumps({"in_order": in_order, **receiver.calls}))


if __name__ == "__main__":
    main()
