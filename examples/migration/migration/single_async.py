# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Then: the watchdog as a coroutine, in a program that is asyncio's.

import asyncio

import aiorcl
from rclpy.node import Node
from std_msgs.msg import Float32
from std_srvs.srv import Trigger

from migration.single_after import Battery


class Watchdog(Node):
    """Sends the robot to the dock when the battery is low."""

    def __init__(self) -> None:
        super().__init__("watchdog")
        self.low = self.declare_parameter("low_percent", 20.0).value
        self.docked = asyncio.Event()
        self.dock = self.create_client(Trigger, "dock")
        self.subscription = self.create_subscription(Float32, "battery", self.watch, 10)

    async def watch(self, message: Float32) -> None:
        print(f"battery: {message.data:.0f} %")
        if message.data <= self.low:
            self.destroy_subscription(self.subscription)
            response = await aiorcl.call(self.dock, Trigger.Request())
            print(response.message)
            self.docked.set()


async def main(executor: aiorcl.AsyncioExecutor) -> None:
    watchdog = Watchdog()
    executor.add_node(Battery())
    executor.add_node(watchdog)
    await watchdog.docked.wait()


if __name__ == "__main__":
    aiorcl.run(main)
