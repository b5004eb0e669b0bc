# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# After: the same nodes, unchanged, on the asyncio event loop.

from typing import Any

import rclpy
from aiorcl import AsyncioExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Float32
from std_srvs.srv import Trigger


class Battery(Node):
    """Publishes what is left in the battery, and charges it at the dock."""

    def __init__(self) -> None:
        super().__init__("battery")
        self.percent = 23.0
        self.publisher = self.create_publisher(Float32, "battery", 10)
        self.create_service(Trigger, "dock", self.dock)
        self.create_timer(0.02, self.measure)

    def measure(self) -> None:
        self.percent -= 1.0
        self.publisher.publish(Float32(data=self.percent))

    def dock(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        response.message = "docked"
        return response


class Watchdog(Node):
    """Sends the robot to the dock when the battery is low."""

    def __init__(self) -> None:
        super().__init__("watchdog")
        self.low = self.declare_parameter("low_percent", 20.0).value
        self.docked: Future[str] = Future()
        self.dock = self.create_client(Trigger, "dock")
        self.subscription = self.create_subscription(Float32, "battery", self.watch, 10)

    def watch(self, message: Float32) -> None:
        print(f"battery: {message.data:.0f} %")
        if message.data <= self.low:
            self.destroy_subscription(self.subscription)
            self.dock.call_async(Trigger.Request()).add_done_callback(self.on_docked)

    def on_docked(self, future: Any) -> None:
        print(future.result().message)
        self.docked.set_result("done")


def main() -> None:
    rclpy.init()
    executor = AsyncioExecutor()
    watchdog = Watchdog()
    executor.add_node(Battery())
    executor.add_node(watchdog)
    executor.spin_until_future_complete(watchdog.docked)
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
