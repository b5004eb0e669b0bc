# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Coroutine callbacks, as rclpy lets one write them: what they await, and what waits for them.

from typing import Any

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger


class Chain(Node):
    """A service that awaits another one, which awaits a future."""

    def __init__(self) -> None:
        super().__init__("chain")
        group = ReentrantCallbackGroup()
        self.gate: Any = rclpy.task.Future()
        self.client = self.create_client(Trigger, "inner", callback_group=group)
        self.create_service(Trigger, "outer", self.outer, callback_group=group)
        self.create_service(Trigger, "inner", self.inner, callback_group=group)
        self.timer = self.create_timer(0.02, self.open, callback_group=group)

    async def outer(self, request: Any, response: Trigger.Response) -> Trigger.Response:
        """Ask the other one."""
        print("outer begins")
        answer = await self.client.call_async(Trigger.Request())
        print("outer ends")
        response.message = f"outer({answer.message})"
        return response

    async def inner(self, request: Any, response: Trigger.Response) -> Trigger.Response:
        """Wait for the timer."""
        print("inner begins")
        response.message = await self.gate
        print("inner ends")
        return response

    async def open(self) -> None:
        """Let it go on."""
        self.timer.cancel()
        print("opens")
        self.gate.set_result("gate")


def main() -> None:
    """Ask, when the chain waits."""
    rclpy.init()
    chain, node = Chain(), Node("asks")
    client = node.create_client(Trigger, "outer")
    executor = SingleThreadedExecutor()
    chain.timer.cancel()
    for each in (chain, node):
        executor.add_node(each)
    future = client.call_async(Trigger.Request())
    executor.spin_until_future_complete(future, timeout_sec=0.2)
    print("done:", future.done())
    chain.timer.reset()
    executor.spin_until_future_complete(future)
    print(future.result().message)
    executor.shutdown()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
