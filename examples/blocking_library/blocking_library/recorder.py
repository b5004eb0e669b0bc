# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The node: while a thread waits for the disk, messages and calls go on.

from __future__ import annotations

import asyncio
from pathlib import Path

import aiorcl
from rclpy.node import Node
from std_msgs.msg import Float64, UInt32
from std_srvs.srv import Trigger

from blocking_library.store import Store


class Recorder(Node):
    """Stores what comes on ``measurements``; the service ``summary`` tells what is there.

    ``backlog`` says ten times a second how many measurements are not stored yet.
    """

    def __init__(self) -> None:
        super().__init__("recorder")
        self.store = Store(Path(self.declare_parameter("file", "measurements.db").value))
        self.waiting: list[tuple[int, float]] = []
        self.came = asyncio.Event()
        self.create_subscription(Float64, "measurements", self.record, 100)
        self.create_service(Trigger, "summary", self.summarize)
        self.backlog = self.create_publisher(UInt32, "backlog", 10)
        self.create_timer(0.1, self.tell_backlog)

    def record(self, message: Float64) -> None:
        """Keep a measurement for the next batch. It must not block, and does not."""
        self.waiting.append((self.get_clock().now().nanoseconds, message.data))
        self.came.set()

    async def run(self) -> None:
        """Store batch after batch until cancelled, and what is left then."""
        try:
            while True:
                await self.came.wait()
                self.came.clear()
                batch, self.waiting = self.waiting, []
                await asyncio.to_thread(self.store.add, batch)
        finally:
            # A thread cannot be cancelled: a batch that is under way is stored, then this one.
            await asyncio.to_thread(self.store.add, self.waiting)

    async def summarize(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Ask the database, in a thread."""
        count, mean = await asyncio.to_thread(self.store.summarize)
        response.success = True
        response.message = f"{count} measurements, mean {mean:.2f}"
        return response

    def tell_backlog(self) -> None:
        self.backlog.publish(UInt32(data=len(self.waiting)))


async def record(executor: aiorcl.AsyncioExecutor) -> None:
    """Run the recorder."""
    recorder = Recorder()
    executor.add_node(recorder)
    try:
        await recorder.run()
    finally:
        recorder.store.close()


def main() -> None:
    """Run the recorder until Ctrl-C."""
    aiorcl.run(record)


if __name__ == "__main__":
    main()
