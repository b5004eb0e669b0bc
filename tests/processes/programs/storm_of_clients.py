# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Sends goals from many tasks, gives many of them up, and destroys clients while they wait.

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
from collections import Counter
from typing import Any

import rclpy
from rclpy.action.client import ActionClient
from rclpy.node import Node
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, action_ready
from tests.processes.programs.talk import listen, say, set_deadline
from tests.support.actions import DEEP, nothing_is_pending
from tests.support.counters import Holdings
from tests.support.loops import LOOPS

TASKS = 5
ROUNDS = 5
#: Longer than most answers take, so that both outcomes happen; what happened is counted.
SHORT_SEC = 0.01


class Storm:
    """What the tasks share."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.client = ActionClient(node, Fibonacci, "stays", **DEEP)
        self.counted: Counter[str] = Counter()

    async def succeed(self, _: random.Random) -> None:
        """Send a goal and wait for its result."""
        handle: Any = await self.client.send_goal_async(Fibonacci.Goal(order=1))
        self.counted[f"status {(await handle.get_result_async()).status}"] += 1

    async def cancel(self, _: random.Random) -> None:
        """Cancel a goal that would run for ever."""
        handle: Any = await self.client.send_goal_async(Fibonacci.Goal(order=0))
        await handle.cancel_goal_async()
        self.counted[f"status {(await handle.get_result_async()).status}"] += 1

    async def give_up(self, chance: random.Random) -> None:
        """Wait for the result of such a goal for a while, or for the goal itself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, SHORT_SEC)):
                handle: Any = await self.client.send_goal_async(Fibonacci.Goal(order=0))
                await handle.get_result_async()
        self.counted["given up"] += 1

    async def destroy(self, chance: random.Random) -> None:
        """Destroy a client that waits for a server that comes and goes."""
        client = ActionClient(self.node, Fibonacci, "comes")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(chance.uniform(0, 5 * SHORT_SEC)):
                handle: Any = await client.send_goal_async(Fibonacci.Goal(order=1))
                await handle.get_result_async()
        client.destroy()
        self.counted["destroyed"] += 1

    async def task(self, number: int) -> None:
        """Do each of these many times."""
        chance = random.Random(number)
        kinds = [self.succeed, self.cancel, self.give_up, self.destroy]
        for _ in range(ROUNDS):
            chance.shuffle(kinds)
            for kind in kinds:
                await kind(chance)


async def main() -> None:
    """Do it all, and say what happened and what is left."""
    node = Node("clients")
    async with AsyncioExecutor() as executor:
        executor.add_node(node)
        storm = Storm(node)
        await action_ready(storm.client)
        before = Holdings.now()
        async with asyncio.TaskGroup() as group:
            for number in range(TASKS):
                group.create_task(storm.task(number))
        await nothing_is_pending(storm.client)
        after = Holdings.now()
        say(
            json.dumps(
                {
                    **storm.counted,
                    "fds": after.fds - before.fds,
                    "threads": after.threads - before.threads,
                    "tasks": len(asyncio.all_tasks()) - 1,
                    "feedback callbacks": len(storm.client._feedback_callbacks),
                }
            )
        )
        listen()
    node.destroy_node()


if __name__ == "__main__":
    set_deadline()
    rclpy.init(args=[])
    with asyncio.Runner(loop_factory=LOOPS[sys.argv[1]]) as runner:
        runner.run(main())
    rclpy.shutdown()
