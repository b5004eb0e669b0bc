# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An action server whose goals succeed when the test tells it to.

from __future__ import annotations

import asyncio
from typing import Any

from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from tests.processes.programs.talk import listen, say, set_deadline


async def main(executor: aiorcl.AsyncioExecutor) -> None:
    """Serve when told to, let the goals succeed when told to, and end when told to."""
    may_end = asyncio.Event()

    async def execute(goal: Any) -> Fibonacci.Result:
        say("begun")
        await may_end.wait()
        return Fibonacci.Result(sequence=[goal.request.order])

    node = Node("server")
    executor.add_node(node)
    say("ready")
    await asyncio.to_thread(listen)
    aiorcl.serve_action(node, Fibonacci, "action", execute)
    await asyncio.to_thread(listen)
    may_end.set()
    await asyncio.to_thread(listen)


if __name__ == "__main__":
    set_deadline()
    aiorcl.run(main, args=[])
