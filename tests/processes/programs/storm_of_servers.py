# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Serves one action that stays, and others that come and go, until the test has seen enough.

from __future__ import annotations

import asyncio
import json
import sys
import warnings
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import say, set_deadline
from tests.support.actions import DEEP, serve_action
from tests.support.counters import Holdings
from tests.support.loops import LOOPS


async def main() -> None:
    """Say when there is something to ask, and in the end what is left."""
    running = asyncio.get_running_loop()
    enough = asyncio.Event()
    running.add_reader(sys.stdin, enough.set)
    node = Node("servers")
    async with AsyncioExecutor() as executor:
        executor.add_node(node)
        # Of clients that have gone, and of goals whose server has.
        warnings.filterwarnings("ignore", "failed to send response", RuntimeWarning)
        node.get_logger().get_child("action_server").set_level(LoggingSeverity.ERROR)
        stays = serve_action(node, "stays", result_timeout=3600, **DEEP)
        for _ in range(2):  # what grows once, has grown
            serve_action(node, "comes").destroy()
        await asyncio.sleep(0)
        before, tasks = Holdings.now(), len(asyncio.all_tasks())
        say("ready")
        rounds = 0
        while not enough.is_set():
            server = serve_action(node, "comes")
            while not (server._goal_handles or enough.is_set()):  # noqa: ASYNC110
                await asyncio.sleep(0)
            server.destroy()
            rounds += 1
        running.remove_reader(sys.stdin)
        goals: list[Any] = list(stays._goal_handles.values())
        while any(goal.is_active for goal in goals) or len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110
            await asyncio.sleep(0)
        after = Holdings.now()
        say(
            json.dumps(
                {
                    "rounds": rounds,
                    "ended": sum(
                        goal.status in (GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_CANCELED)
                        for goal in goals
                    ),
                    "goals": len(goals),
                    "fds": after.fds - before.fds,
                    "threads": after.threads - before.threads,
                }
            )
        )
    node.destroy_node()


if __name__ == "__main__":
    set_deadline()
    rclpy.init(args=[])
    with asyncio.Runner(loop_factory=LOOPS[sys.argv[1]]) as runner:
        runner.run(main())
    rclpy.shutdown()
