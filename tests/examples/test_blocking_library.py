# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of examples/blocking_library: the test locks the database, and the node goes on.

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
from pathlib import Path

import pytest
from rclpy.node import Node
from std_msgs.msg import Float64, UInt32
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import examples
from tests.support.makers import MakeNode

pytestmark = pytest.mark.once

DEADLINE_SEC = 30


class Robot:
    """Nodes beside the recorder: what they hear of it, and what they send."""

    def __init__(self, node: Node) -> None:
        self.backlogs = asyncio.Queue[int]()
        self.measurements = node.create_publisher(Float64, "measurements", 100)
        self.summary = node.create_client(Trigger, "summary")
        node.create_subscription(
            UInt32, "backlog", lambda message: self.backlogs.put_nowait(message.data), 10
        )

    async def measure(self, values: list[float]) -> None:
        """Publish measurements, once the recorder listens."""
        await aiorcl.subscribers_ready(self.measurements)
        for value in values:
            self.measurements.publish(Float64(data=value))

    async def stored(self, values: list[float]) -> str:
        """Wait until as many are stored; what the recorder says then."""
        while True:
            answer = await self.summary.call_async(Trigger.Request())
            if answer.message.startswith(f"{len(values)} "):
                return str(answer.message)


def test_the_node_goes_on_while_the_library_blocks(make_node: MakeNode, tmp_path: Path) -> None:
    """While a thread waits for the database the backlog is told; then all of it is stored."""
    file = tmp_path / "measurements.db"
    node = make_node()

    async def main() -> None:
        async with (
            asyncio.timeout(DEADLINE_SEC),
            AsyncioExecutor(context=node.context) as executor,
        ):
            robot = Robot(node)
            executor.add_node(node)
            await aiorcl.service_ready(robot.summary)
            first = [1.0, 2.0, 3.0]
            await robot.measure(first)
            assert await robot.stored(first) == "3 measurements, mean 2.00"

            with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                later = [4.0]
                await robot.measure(later)  # a thread takes it, and waits
                call = robot.summary.call_async(Trigger.Request())
                while await robot.backlogs.get() == 0:
                    later.append(5.0)
                    await robot.measure([5.0])
                assert not call.done()
                other.execute("COMMIT")
            assert (await call).success
            whole = [*first, *later]
            mean = sum(whole) / len(whole)
            assert await robot.stored(whole) == f"{len(whole)} measurements, mean {mean:.2f}"

    arguments = ["--ros-args", "-p", f"file:={file}"]
    domain_id = node.context.get_domain_id()
    with examples.start(
        "blocking_library", "blocking_library.recorder", *arguments, domain_id=domain_id
    ) as process:
        asyncio.run(main())
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=DEADLINE_SEC) == ("", "")
    assert process.returncode == 0
    with contextlib.closing(sqlite3.connect(file)) as database:
        ((count,),) = database.execute("SELECT count(*) FROM measurement")
    assert count >= 5
