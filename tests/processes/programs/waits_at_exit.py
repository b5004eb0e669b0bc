# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The main thread returns while another one runs an executor, and a thread of a pool waits.

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401  # registers first, and so is called last
import sys
import threading
import time

# After aiorcl's, which registers later, and before pools are waited for.
threading._register_atexit(lambda: say("main has ended"))  # type: ignore[attr-defined]

import rclpy  # noqa: E402
from rclpy.node import Node  # noqa: E402
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from std_msgs.msg import Int64  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

import aiorcl  # noqa: E402
from aiorcl import AsyncioExecutor, ThreadCallbackGroup  # noqa: E402
from tests.processes.programs.talk import listen, say, set_deadline  # noqa: E402

waits = threading.Event()
FULL = QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE)


def call_in_worker(executor: AsyncioExecutor, node: Node) -> None:
    """Have a worker call twice, whatever becomes of the first call."""
    client = node.create_client(Trigger, "service")

    def callback() -> None:
        timer.cancel()
        waits.set()
        for _ in range(2):
            try:
                say(client.call(Trigger.Request()).message)
            except asyncio.CancelledError:
                say("cancelled")
        executor.shutdown()

    timer = node.create_timer(0.0, callback, callback_group=ThreadCallbackGroup(1))


def publish(executor: AsyncioExecutor, node: Node) -> None:
    """Have a task publish, again and again, where there never is room."""
    publisher = node.create_publisher(Int64, "topic", FULL)

    def refuse(_: Int64) -> None:  # as a full writer does
        waits.set()
        time.sleep(0.05)
        raise aiorcl.RclError("no room")

    async def work() -> None:
        for _ in range(2):
            try:
                await aiorcl.publish(publisher, Int64())
            except asyncio.CancelledError:
                say("cancelled")
            except RuntimeError:  # the executor has ended, too, by the time of the second call
                return

    executor.create_task(work)
    executor.create_task(lambda: setattr(publisher, "publish", refuse))


def serve_when_told(executor: AsyncioExecutor, node: Node) -> None:
    """Answer when the parent says so."""
    told = executor.create_future()

    async def answer(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        await told
        response.message = "answered"
        return response

    threading.Thread(target=lambda: told.set_result(listen())).start()
    node.create_service(Trigger, "service", answer)


def main() -> None:
    """Run one way, and return."""
    set_deadline()
    rclpy.init()
    node, executor = Node("node"), AsyncioExecutor()
    executor.add_node(node)
    way = sys.argv[1]
    if way == "publish":
        publish(executor, node)
    else:
        call_in_worker(executor, node)
    if way == "stays":
        serve_when_told(executor, node)
    threading.Thread(target=executor.spin, daemon=way != "stays").start()
    waits.wait()


if __name__ == "__main__":
    main()
