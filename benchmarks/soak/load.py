# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The process that loads the robot: messages, calls and goals of which half are cancelled."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from typing import Any

import rclpy
from rclpy.action.client import ActionClient
from rclpy.client import Client
from rclpy.node import Node
from std_srvs.srv import Empty
from test_msgs.action import Fibonacci

import aiorcl

from ..measured import die_with_parent
from ..messages import SAMPLES
from ..nodes import DEPTH
from .samples import Sampler

JOINTS_SEC = 0.001
IMAGES_SEC = 1 / 30
IMAGE_SIZE = (640, 480)
GOALS_AT_ONCE = 4
STEPS_OF_A_GOAL = 20


def image() -> Any:
    """A picture in colour, of a size that leaves the machine time for the rest."""
    message = SAMPLES["Image"]()
    message.width, message.height = IMAGE_SIZE
    message.step = 3 * message.width
    message.data = message.data[: message.step * message.height]
    return message


class Load:
    """Sends to the robot for as long as its tasks run; ``counts`` says what came of it."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.counts: Counter[str] = Counter()
        self.tasks = 0
        self._client: Client[Any, Any] = node.create_client(Empty, "answer")
        self._goals: Any = ActionClient(node, Fibonacci, "count")
        self._publish("joints", SAMPLES["JointState"](), JOINTS_SEC)
        self._publish("images", image(), IMAGES_SEC)

    def _publish(self, topic: str, message: Any, period_sec: float) -> None:
        publisher = self._node.create_publisher(type(message), topic, DEPTH)

        def callback() -> None:
            publisher.publish(message)
            self.counts[topic] += 1

        self._node.create_timer(period_sec, callback)

    async def run(self) -> None:
        """Call and send goals until it is cancelled."""
        await aiorcl.service_ready(self._client)
        await aiorcl.action_ready(self._goals)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._call())
            for number in range(GOALS_AT_ONCE):
                group.create_task(self._send_goals(cancels=number % 2 == 1))
            while True:
                self.tasks = len(asyncio.all_tasks())
                await asyncio.sleep(1.0)

    async def _call(self) -> None:
        while True:
            await aiorcl.call(self._client, Empty.Request())
            self.counts["calls"] += 1
            await asyncio.sleep(0.002)

    async def _send_goals(self, *, cancels: bool) -> None:
        while True:
            try:
                await self._send_goal(cancels=cancels)
            except aiorcl.GoalLostError as error:
                self.counts["lost"] += 1
                print(error, file=sys.stderr)
            else:
                self.counts["goals"] += 1

    async def _send_goal(self, *, cancels: bool) -> None:
        async with aiorcl.goal(self._goals, Fibonacci.Goal(order=STEPS_OF_A_GOAL)) as running:
            async for _feedback in running:
                if cancels:
                    return  # leaving the block cancels the goal
            await running.result()


async def soak(seconds: float, every: float) -> None:
    """Load the robot for so long."""
    rclpy.init()
    node = rclpy.create_node("load")
    load = Load(node)
    sampler = Sampler(every, load.counts, lambda: load.tasks)
    async with aiorcl.AsyncioExecutor() as executor:
        executor.add_node(node)
        sampler.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await load.run()
    sampler.stop()


def main() -> None:
    """Load a robot that another process runs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.load", description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--every", type=float, required=True, help="seconds")
    parser.add_argument("--parent", type=int, required=True, help="process id")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    asyncio.run(soak(arguments.seconds, arguments.every))
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
