# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Does nothing with many entities for a while, and says how often its threads woke up meanwhile.

from __future__ import annotations

import argparse
import asyncio
import json
import threading
from pathlib import Path

import rclpy
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import say, set_deadline
from tests.support.counters import voluntary_switches
from tests.support.loops import LOOPS


def native_threads() -> set[int]:
    """Name all threads of this process."""
    return {int(task.name) for task in Path("/proc/self/task").iterdir()}


async def idle(seconds: int) -> dict[str, int]:
    """Wait for so many calls of a timer of one second, and count the wake-ups in between."""
    node = Node("node")
    for number in range(50):
        node.create_subscription(Int64, f"topic_{number}", lambda _: None, 10)
    before = native_threads()
    async with AsyncioExecutor() as executor:
        own = {threading.get_native_id()} | (native_threads() - before)
        calls = 0
        ticked = asyncio.Event()

        def callback() -> None:
            nonlocal calls
            calls += 1
            ticked.set()

        async def second() -> None:
            """Return with the call of a timer."""
            ticked.clear()
            await ticked.wait()

        for _ in range(10):
            node.create_timer(1.0, callback)
        executor.add_node(node)
        # The first second is for what the middleware has to say about new entities.
        await second()
        while calls % 10:
            await second()
        calls_before = calls
        switches = {thread: voluntary_switches(thread) for thread in own}
        while calls < calls_before + 10 * seconds:
            await second()
        wakeups = {thread: voluntary_switches(thread) - count for thread, count in switches.items()}
        loop = wakeups.pop(threading.get_native_id())
        counted = {"calls": calls - calls_before, "loop": loop, "others": sum(wakeups.values())}
    node.destroy_node()
    return {**counted, "threads": len(own)}


def main() -> None:
    """Idle on the loop that the command line asks for."""
    set_deadline()
    parser = argparse.ArgumentParser()
    parser.add_argument("loop", choices=LOOPS)
    parser.add_argument("seconds", type=int)
    options = parser.parse_args()
    rclpy.init(args=[])
    with asyncio.Runner(loop_factory=LOOPS[options.loop]) as runner:
        counted = runner.run(idle(options.seconds))
    rclpy.shutdown()
    say(json.dumps(counted))


if __name__ == "__main__":
    main()
