# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes and web server on one asyncio loop, in one thread."""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import socket
import sys
from typing import TYPE_CHECKING

import aiorcl
import uvicorn

from dashboard.app import make_app
from dashboard.live import Live
from dashboard.monitors import Reporter, make_monitors
from dashboard.operator import Motors, Patrols

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

    from dashboard.reports import Report

HOST = "127.0.0.1"
# How long the end waits for visitors: a page on a laptop that was closed reads nothing more.
GOODBYE_SEC = 5


class Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: ``aiorcl.run`` has them, and ends all."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    """Listen on this machine only."""
    # Not socket.create_server(): asyncio sets TCP_NODELAY only where the protocol is spelled out,
    # and without it every request waits 40 ms for a delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        sys.exit(f"Cannot serve the page on {HOST}:{port}: {error.strerror}")
    return listener


def url_of(listener: socket.socket) -> str:
    """Name the page that is served there."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def configuration(app: FastAPI) -> uvicorn.Config:
    """Configure the web server."""
    return uvicorn.Config(
        app,
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # which costs as much as a frame, and visitors are near
        timeout_graceful_shutdown=GOODBYE_SEC,
    )


@contextlib.contextmanager
def imports_frozen() -> Iterator[None]:
    """In the block the collector looks no more at what was imported before.

    With a web framework that is so much that it holds the loop for 40 ms each time.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def serve(
    executor: aiorcl.AsyncioExecutor,
    listener: socket.socket,
    on_report: Callable[[Report], None] = lambda report: None,
) -> None:
    """Run nodes and web server until cancelled.

    :param on_report: gets what the monitors heard, four times a second.
    """
    monitors = make_monitors()
    reporter, motors, patrols = Reporter(monitors, on_report), Motors(), Patrols()
    for node in [*monitors, reporter, motors, patrols]:
        executor.add_node(node)
    live = Live(monitors, reporter, motors, patrols)

    def send_on_patrol(laps: int) -> None:
        executor.create_task(patrols.drive, laps)

    app = make_app(live, motors, patrols, send_on_patrol)
    server = Server(configuration(app))
    # Tasks of the executor: it ends them, and an exception of theirs ends the program.
    serving = executor.create_task(server.serve, sockets=[listener])
    executor.create_task(live.run)
    try:
        await executor.wait_for_shutdown()
    finally:
        server.should_exit = True
        await serving  # the server says goodbye to its visitors


def main() -> None:
    """Serve the page until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.main", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0 for any (default: %(default)s)")
    listener = listen(parser.parse_args().port)
    print(f"The dashboard is at {url_of(listener)}", flush=True)
    with imports_frozen():
        aiorcl.run(functools.partial(serve, listener=listener))


if __name__ == "__main__":
    main()
