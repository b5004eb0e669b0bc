# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A MultiThreadedExecutor whose callbacks block: what runs side by side, and what does not.

import threading
import time

import rclpy
from rclpy.callback_groups import (
    CallbackGroup,
    MutuallyExclusiveCallbackGroup,
    ReentrantCallbackGroup,
)
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

THREADS = 3


class Throttle(CallbackGroup):
    """A group with rules of its own: two at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.running = 0
        self.lock = threading.Lock()

    def can_execute(self, entity: object) -> bool:
        """Tell whether there is a place."""
        return self.running < 2

    def beginning_execution(self, entity: object) -> bool:
        """Take one."""
        with self.lock:
            if self.running == 2:
                return False
            self.running += 1
            return True

    def ending_execution(self, entity: object) -> None:
        """Give it back."""
        with self.lock:
            self.running -= 1


class Meter:
    """How many are in a block at a time, at most."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.count = 0

    def block(self) -> None:
        """Block for a while."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
            self.count += 1


class Blocks(Node):
    """Six timers in a group, each of which blocks once."""

    def __init__(self, name: str, group: CallbackGroup | None) -> None:
        super().__init__(name)
        self.meter = Meter()
        self.finished = rclpy.task.Future()
        self.all = [self.create_timer(0.001, self.make(i), callback_group=group) for i in range(6)]

    def make(self, number: int):  # type: ignore[no-untyped-def]
        """Make the callback of one timer."""

        def callback() -> None:
            self.all[number].cancel()
            self.meter.block()
            if self.meter.count == 6:
                self.finished.set_result(None)

        return callback


class Calls(Node):
    """Calls a service of its own in a callback, and waits for the answer."""

    def __init__(self) -> None:
        super().__init__("calls")
        self.finished = rclpy.task.Future()
        self.create_service(Trigger, "ask", self.answer)
        self.client = self.create_client(
            Trigger, "ask", callback_group=MutuallyExclusiveCallbackGroup()
        )
        self.create_subscription(
            Int64, "go", self.go, 10, callback_group=MutuallyExclusiveCallbackGroup()
        )
        self.publisher = self.create_publisher(Int64, "go", 10)

    def answer(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Answer, not in the main thread."""
        response.success = threading.current_thread() is not threading.main_thread()
        return response

    def go(self, message: Int64) -> None:
        """Call the service and wait."""
        print(message.data, "answered:", self.client.call(Trigger.Request()).success)
        if message.data == 3:
            self.finished.set_result(None)


def main() -> None:
    """Print how many ran at a time."""
    rclpy.init()
    executor = MultiThreadedExecutor(num_threads=THREADS)
    groups = {
        "default": None,
        "exclusive": MutuallyExclusiveCallbackGroup(),
        "reentrant": ReentrantCallbackGroup(),
        "own": Throttle(),
    }
    for name, group in groups.items():
        node = Blocks(name, group)
        executor.add_node(node)
        executor.spin_until_future_complete(node.finished)
        print(name, "at a time:", node.meter.most)
        executor.remove_node(node)
        node.destroy_node()
    calls = Calls()
    executor.add_node(calls)
    for number in range(1, 4):
        calls.publisher.publish(Int64(data=number))
    executor.spin_until_future_complete(calls.finished)
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
