# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A program whose callbacks run the loop that they run on, which nest_asyncio lets them do.

from __future__ import annotations

import asyncio
import sys
from functools import partial

import nest_asyncio
import rclpy
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, call
from tests.processes.programs.talk import say, set_deadline
from tests.support.loops import LOOPS


class Nested(Node):
    """Calls a service of its own in callbacks that return when they have the answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__("nested")
        self._loop = loop
        self.answers = 0
        self._client = self.create_client(Trigger, "service")
        self.create_service(Trigger, "service", self._answer)
        self.create_subscription(Int64, "topic", partial(self._call, "subscription"), 10)
        self._publisher = self.create_publisher(Int64, "topic", 10)
        self._timer = self.create_timer(0.0, self._on_timer)

    async def _answer(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        await asyncio.sleep(0.001)  # several steps, and a turn in which nothing is ready
        response.message = "answered"
        return response

    def _on_timer(self) -> None:
        self._timer.cancel()
        self._call("timer")
        self._publisher.publish(Int64())

    def _call(self, kind: str, _: object = None) -> None:
        response = self._loop.run_until_complete(call(self._client, Trigger.Request()))
        say(f"{kind}: {response.message}")
        self.answers += 1
        if self.answers == 2:
            self.finish()

    def finish(self) -> None:
        """Both callbacks have their answer."""


async def block(loop: asyncio.AbstractEventLoop) -> None:
    """Serve the node in a block."""
    finished = asyncio.Event()
    async with AsyncioExecutor() as executor:
        executor.add_node(node := Nested(loop))
        node.finish = finished.set  # type: ignore[method-assign]
        await finished.wait()


def spin(loop: asyncio.AbstractEventLoop) -> None:
    """Serve it by spin()."""
    executor = AsyncioExecutor(loop=loop)
    executor.add_node(node := Nested(loop))
    node.finish = executor.shutdown  # type: ignore[assignment, method-assign]
    executor.spin()


def spin_once(loop: asyncio.AbstractEventLoop) -> None:
    """Serve it by spin_once(), again and again."""
    executor = AsyncioExecutor(loop=loop)
    executor.add_node(node := Nested(loop))
    while node.answers < 2:
        executor.spin_once()
    executor.shutdown()


def main() -> None:
    """Do what the command line asks for."""
    set_deadline()
    _, way, kind = sys.argv
    loop = LOOPS[kind]()
    nest_asyncio.apply(loop)
    rclpy.init(args=[])
    if way == "block":
        loop.run_until_complete(block(loop))
    else:
        {"spin": spin, "spin_once": spin_once}[way](loop)
    rclpy.shutdown()
    loop.close()


if __name__ == "__main__":
    main()
