# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard as it is built without aiorcl: SingleThreadedExecutor in a thread of its own.

What the callbacks note in that thread the web server reads in its own, so both take a lock. There
are no patrols: this is for ``demo.comparison``, which does not press the button.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

import rclpy
from dashboard.app import make_app
from dashboard.live import Live
from dashboard.main import Server, configuration, imports_frozen, listen, url_of
from dashboard.monitors import Monitor, Reporter, make_monitors
from dashboard.operator import Motors, Patrols
from rclpy.executors import SingleThreadedExecutor

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Iterator

lock = threading.Lock()


class LockedLive(Live):
    """Frames of what another thread notes."""

    def frame(self, *arguments: Any) -> dict[str, Any]:
        with lock:
            return super().frame(*arguments)

    @contextlib.contextmanager
    def visit(self) -> Iterator[AsyncIterator[str]]:
        with contextlib.ExitStack() as stack:
            with lock:
                frames = stack.enter_context(super().visit())
            yield frames


def take_lock(monitor: Monitor) -> None:
    """Have the callbacks of a node take the lock."""

    def locked(callback: Any) -> Any:
        def call(message: Any) -> None:
            with lock:
                callback(message)

        return call

    for subscription in monitor.subscriptions:
        subscription.callback = locked(subscription.callback)


def spin(executor: SingleThreadedExecutor) -> None:
    """Run the nodes until ROS is shut down."""
    try:
        executor.spin()
    except Exception:
        # A signal shuts ROS down in the middle of whatever this thread does.
        if rclpy.ok():
            raise


async def run(listener: socket.socket) -> None:
    """Run the web server, and the nodes in a thread beside it, until ROS is shut down."""
    rclpy.init()
    monitors = make_monitors()
    reporter, motors, patrols = Reporter(monitors), Motors(), Patrols()
    executor = SingleThreadedExecutor()
    for node in [*monitors, reporter, motors, patrols]:
        executor.add_node(node)
    for monitor in monitors:
        take_lock(monitor)
    live = LockedLive(monitors, reporter, motors, patrols)
    app = make_app(live, motors, patrols, lambda laps: None)
    server = Server(configuration(app))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve(sockets=[listener]))
        frames = tasks.create_task(live.run())
        await asyncio.to_thread(spin, executor)
        server.should_exit = True
        frames.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.dashboard_threaded", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the page (default: any)")
    listener = listen(parser.parse_args().port)
    print(json.dumps({"url": url_of(listener)}), flush=True)
    with contextlib.suppress(KeyboardInterrupt), imports_frozen():
        asyncio.run(run(listener))


if __name__ == "__main__":
    main()
