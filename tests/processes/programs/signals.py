# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Runs an executor in one of the ways that there are, until a signal comes, and says how it ended.

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator

import rclpy
import uvicorn
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from std_msgs.msg import Int64

import aiorcl
from aiorcl import AsyncioExecutor
from tests.processes.programs.talk import say, set_deadline
from tests.support.counters import wait_until_asleep
from tests.support.loops import LOOPS

HANDLERS = {"all": SignalHandlerOptions.ALL, "no": SignalHandlerOptions.NO}


def serve(executor: AsyncioExecutor, node: Node) -> None:
    """Add a node, of which a coroutine waits for what never comes."""
    executor.add_node(node)
    executor.create_task(aiorcl.next_message(node, Int64, "topic"))


class Program:
    """One way to run one executor with one node."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.main_thread = threading.get_native_id()

    def init(self, where: str) -> None:
        """Initialise rclpy if this is the place for it."""
        if self.options.init == where:
            rclpy.init(signal_handler_options=HANDLERS[self.options.handlers])

    def announce(self) -> None:
        """Say that the signal may come, once the main thread waits for events."""

        def announce() -> None:
            wait_until_asleep(self.main_thread)
            say("ready")

        threading.Thread(target=announce).start()

    def run(self) -> None:
        """Run until a signal ends it."""
        way = self.options.way
        if way in ("async_with", "uvicorn"):
            main = self.async_with if way == "async_with" else self.uvicorn
            with asyncio.Runner(loop_factory=LOOPS[self.options.loop]) as runner:
                runner.run(main())
            return
        with contextlib.closing(LOOPS[self.options.loop]()) as loop:
            self.init("inside")
            executor = AsyncioExecutor(loop=loop)
            node = Node("node")
            serve(executor, node)
            self.announce()
            try:
                if way == "spin":
                    executor.spin()
                elif way == "rclpy.spin":
                    rclpy.spin(node, executor)
                else:
                    executor.spin_until_future_complete(Future())
            finally:
                executor.shutdown()
                node.destroy_node()

    async def async_with(self) -> None:
        """Serve the node on the running loop."""
        self.init("inside")
        node = Node("node")
        try:
            async with AsyncioExecutor() as executor:
                serve(executor, node)
                self.announce()
                await executor.wait_for_shutdown()
                say("wait_for_shutdown returned")
        finally:
            node.destroy_node()

    async def uvicorn(self) -> None:
        """Serve the node in the lifespan of a web server."""

        @contextlib.asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            self.init("inside")
            node = Node("node")
            try:
                async with AsyncioExecutor() as executor:
                    serve(executor, node)
                    yield
            finally:
                node.destroy_node()
                say("lifespan left")

        async def app(scope: dict[str, object], receive: object, send: object) -> None:
            assert scope["type"] == "lifespan"
            async with lifespan():
                await receive()  # type: ignore[operator]
                await send({"type": "lifespan.startup.complete"})  # type: ignore[operator]
                await receive()  # type: ignore[operator]
            await send({"type": "lifespan.shutdown.complete"})  # type: ignore[operator]

        class Server(uvicorn.Server):
            async def main_loop(self) -> None:
                say("ready")  # it ticks, and never sleeps for long
                await super().main_loop()

        config = uvicorn.Config(app, port=0, lifespan="on", log_level="critical")
        await Server(config).serve()


def main() -> None:
    """Run, and say what was raised, and whether rclpy is still up."""
    set_deadline(20)
    parser = argparse.ArgumentParser()
    parser.add_argument("way")
    parser.add_argument("--init", choices=["outside", "inside"], default="outside")
    parser.add_argument("--handlers", choices=HANDLERS, default="all")
    parser.add_argument("--loop", choices=LOOPS, default="own")
    parser.add_argument("--goes-down", action="store_true", help="wait for rclpy to go down")
    options = parser.parse_args()
    program = Program(options)
    program.init("outside")
    try:
        program.run()
        outcome = "returned"
    except BaseException as error:
        outcome = type(error).__name__
    while options.goes_down and rclpy.ok():  # rclpy's own thread does it, in its own time
        os.sched_yield()
    say(f"{outcome}, rclpy is {'up' if rclpy.ok() else 'down'}")
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
