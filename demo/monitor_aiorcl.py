# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The same nodes under aiorcl, with a web server on the same asyncio loop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
from typing import TYPE_CHECKING

import rclpy
import uvicorn

from aiorcl import AsyncioExecutor
from demo.dashboard import make_app
from demo.nodes import Attitude, Motors, Odometer, Proximity, Reporter, Wheels

if TYPE_CHECKING:
    from collections.abc import Iterator


HOST = "127.0.0.1"


class Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: rclpy has them, and shuts the context down."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    # Not socket.create_server(): asyncio sets TCP_NODELAY only where the protocol is spelled out,
    # and without it every request waits 40 ms for a delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        sys.exit(f"Cannot serve the page on {HOST}:{port}: {error.strerror}")
    return listener


async def run(listener: socket.socket) -> None:
    """Run nodes and web server until the context is shut down."""
    rclpy.init()
    async with AsyncioExecutor() as executor, asyncio.TaskGroup() as tasks:
        monitors = [Odometer(), Attitude(), Proximity(), Wheels()]
        motors = Motors()
        reporter = Reporter(monitors, lambda report: print(report, flush=True))
        for node in [*monitors, motors, reporter]:
            executor.add_node(node)

        app = make_app(monitors, motors, reporter)
        server = Server(uvicorn.Config(app, log_level="warning", ws="websockets-sansio"))
        tasks.create_task(server.serve(sockets=[listener]))
        await executor.wait_for_shutdown()
        server.should_exit = True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.monitor_aiorcl", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the page (default: any)")
    options = parser.parse_args()
    listener = listen(options.port)
    print(json.dumps({"url": f"http://{HOST}:{listener.getsockname()[1]}"}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(listener))
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
