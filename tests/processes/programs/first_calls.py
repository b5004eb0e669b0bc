# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The first two calls of a process, made by two threads at the same moment.
"""Both threads are inside what the core runs of rclpy once, each with the other's knowledge."""

from __future__ import annotations

import faulthandler
import threading
from typing import Any

import rclpy
import rclpy.task
from rclpy.node import Node
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor

DEADLINE_SEC = 10.0


def main() -> None:
    """Call two services from two threads, and end when both calls have returned."""
    faulthandler.dump_traceback_later(DEADLINE_SEC, exit=True)
    rclpy.init()
    node = Node("node")
    clients = [node.create_client(Trigger, name) for name in ("a", "b")]
    executor = AsyncioExecutor()
    executor.add_node(node)
    both = threading.Barrier(len(clients))
    initialise = rclpy.task.Future.__init__
    met = set()

    def meet(self: Any, *arguments: Any, **options: Any) -> None:
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            both.wait()
        initialise(self, *arguments, **options)

    rclpy.task.Future.__init__ = meet  # type: ignore[method-assign]
    threads = [
        threading.Thread(target=client.call_async, args=(Trigger.Request(),)) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rclpy.task.Future.__init__ = initialise  # type: ignore[method-assign]
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()


main()
