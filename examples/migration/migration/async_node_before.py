# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Before: AsyncNode, which rclpy has from Lyrical on, with Python 3.12 or newer.

import asyncio

import rclpy
from rclpy.experimental import AsyncNode  # type: ignore[attr-defined]
from std_msgs.msg import Float32
from std_srvs.srv import Trigger


async def main() -> None:
    rclpy.init()
    low = asyncio.Event()

    async def watch(message: Float32) -> None:
        print(f"battery: {message.data:.0f} %")
        if message.data <= 20:
            low.set()

    async def dock(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        await asyncio.sleep(0.01)  # the connector moves
        response.success, response.message = True, "docked"
        return response

    async with AsyncNode("robot") as robot, AsyncNode("base") as base:
        base.create_service(Trigger, "dock", dock)
        client = robot.create_client(Trigger, "dock")
        subscription = robot.create_subscription(Float32, "battery", watch, 10)
        battery = base.create_publisher(Float32, "battery", 10)
        async with asyncio.timeout(5):
            await client.wait_for_service()
        for percent in (22, 21, 20):
            battery.publish(Float32(data=float(percent)))
        await low.wait()
        subscription.destroy()
        print((await client.call(Trigger.Request())).message)
    rclpy.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
