# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Before: callbacks that block, in groups under MultiThreadedExecutor; an arm that sorts parcels.

import threading

import rclpy
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int32
from std_srvs.srv import Trigger


class Gripper(Node):
    """A driver that blocks until the gripper has closed."""

    def __init__(self) -> None:
        super().__init__("gripper")
        self.closed = threading.Event()
        group = MutuallyExclusiveCallbackGroup()
        self.create_service(Trigger, "grip", self.grip, callback_group=group)
        self.create_timer(0.01, self.sense, callback_group=MutuallyExclusiveCallbackGroup())

    def sense(self) -> None:
        self.closed.set()

    def grip(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.closed.clear()
        response.success = self.closed.wait(5)  # blocks; the sensor goes on beside it
        return response


class Sorter(Node):
    """Grips each parcel that comes, and waits for the gripper."""

    def __init__(self) -> None:
        super().__init__("sorter")
        self.done: Future[str] = Future()
        group = MutuallyExclusiveCallbackGroup()
        self.create_subscription(Int32, "parcels", self.sort, 10, callback_group=group)
        self.grip = self.create_client(
            Trigger, "grip", callback_group=MutuallyExclusiveCallbackGroup()
        )

    def sort(self, message: Int32) -> None:
        answer = self.grip.call(Trigger.Request())  # blocks this callback
        print(f"parcel {message.data}:", "gripped" if answer.success else "lost")
        if message.data == 3:
            self.done.set_result("done")


class Conveyor(Node):
    """Brings three parcels."""

    def __init__(self) -> None:
        super().__init__("conveyor")
        self.brought = 0
        self.publisher = self.create_publisher(Int32, "parcels", 10)
        self.belt = self.create_timer(0.02, self.move)

    def move(self) -> None:
        self.brought += 1
        self.publisher.publish(Int32(data=self.brought))
        if self.brought == 3:
            self.belt.cancel()


def main() -> None:
    rclpy.init()
    executor = MultiThreadedExecutor(num_threads=4)
    sorter = Sorter()
    for node in (Gripper(), sorter, Conveyor()):
        executor.add_node(node)
    executor.spin_until_future_complete(sorter.done)
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
