# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Then: the same nodes as coroutines, without any thread.

import asyncio

import aiorcl
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from std_msgs.msg import Int32
from std_srvs.srv import Trigger

from migration.multi_after import Conveyor


class Gripper(Node):
    """A driver that awaits that the gripper has closed."""

    def __init__(self) -> None:
        super().__init__("gripper")
        self.closed = asyncio.Event()
        self.create_service(Trigger, "grip", self.grip)
        self.create_timer(0.01, self.sense)

    def sense(self) -> None:
        self.closed.set()

    async def grip(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.closed.clear()
        async with asyncio.timeout(5):
            response.success = await self.closed.wait()
        return response


class Sorter(Node):
    """Grips each parcel that comes, and waits for the gripper."""

    def __init__(self) -> None:
        super().__init__("sorter")
        self.done = asyncio.Event()
        group = MutuallyExclusiveCallbackGroup()  # one parcel at a time
        self.create_subscription(Int32, "parcels", self.sort, 10, callback_group=group)
        self.grip = self.create_client(Trigger, "grip")

    async def sort(self, message: Int32) -> None:
        answer = await aiorcl.call(self.grip, Trigger.Request())
        print(f"parcel {message.data}:", "gripped" if answer.success else "lost")
        if message.data == 3:
            self.done.set()


async def main(executor: aiorcl.AsyncioExecutor) -> None:
    sorter = Sorter()
    for node in (Gripper(), sorter, Conveyor()):
        executor.add_node(node)
    await sorter.done.wait()


if __name__ == "__main__":
    aiorcl.run(main)
