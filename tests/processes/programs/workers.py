# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A worker waits until a signal ends the program: in client.call() for a service that nobody offers,
# or in the spin call of a second executor.

from __future__ import annotations

import asyncio
import sys
import threading

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.processes.programs.talk import say, set_deadline
from tests.support.counters import wait_until_asleep


class Waiting(Node):
    """A node whose timer calls a service, or spins, and blocks."""

    def __init__(self) -> None:
        super().__init__("waiting")
        self.client = self.create_client(Trigger, "nobody")
        self.timer = self.create_timer(0.0, self.call, callback_group=ThreadCallbackGroup(1))

    def call(self) -> None:
        """Call, or spin, and say how it ended."""
        self.timer.cancel()
        watcher = threading.Thread(target=self.watch, args=(threading.get_native_id(),))
        watcher.start()
        try:
            if sys.argv[2] == "calls":
                self.client.call(Trigger.Request())
            else:
                AsyncioExecutor().spin()
        except asyncio.CancelledError:
            say("cancelled")
            raise
        except ExternalShutdownException:
            say("shut down")
            raise

    def watch(self, worker: int) -> None:
        """Say when the worker waits."""
        wait_until_asleep(worker)
        say("waits")


def spin() -> None:
    """Spin, and forget to shut down."""
    executor = AsyncioExecutor()
    executor.add_node(Waiting())
    executor.spin()


async def serve() -> None:
    """Serve on asyncio's loop."""
    async with AsyncioExecutor() as executor:
        executor.add_node(Waiting())
        await executor.wait_for_shutdown()


def main() -> None:
    """Run one way."""
    set_deadline(20)
    rclpy.init()
    try:
        if sys.argv[1] == "spin":
            spin()
        else:
            asyncio.run(serve())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass


if __name__ == "__main__":
    main()
