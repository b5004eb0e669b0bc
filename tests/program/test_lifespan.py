# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# aiorcl.lifespan: a web application and its nodes end together, whichever ends first.
"""The application is ``workspace/web.py``, served by uvicorn in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from fastapi import FastAPI
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

import aiorcl
from tests.support import network
from tests.support.processes import DEADLINE_SEC, Running, started
from tests.support.turns import turns

pytestmark = pytest.mark.once

WORKSPACE = Path(__file__).parent / "workspace"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: What uvicorn's process ends with: it swallows Ctrl-C.
STATUS = {signal.SIGINT: 0, signal.SIGTERM: -signal.SIGTERM}


class Server(Running):
    """The application, and where it is."""

    url = ""

    def get(self, path: str) -> httpx.Response:
        """Ask for a page."""
        return httpx.get(self.url + path, timeout=DEADLINE_SEC)

    def post(self, path: str) -> httpx.Response:
        """Do something."""
        return httpx.post(self.url + path, timeout=DEADLINE_SEC)


@contextlib.contextmanager
def serve(*arguments: str, warnings: str = "error::ResourceWarning") -> Iterator[Server]:
    """Serve the application until the block ends."""
    command = [sys.executable, "-W", warnings, "web.py", *arguments]
    with started(command, domain_id=network.domain_id(), cwd=WORKSPACE) as process:
        server = Server(process)
        server.url = server.wait_for("http://").strip()
        server.wait_for("1 node")
        yield server


@contextlib.contextmanager
def deaf_client(server: Server, path: str) -> Iterator[None]:
    """Ask for a page, and read nothing of it until the block ends."""
    address = httpx.URL(server.url)
    with socket.create_connection((address.host, address.port or 80)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.host}\r\n\r\n".encode())
        yield


@pytest.fixture
def server() -> Iterator[Server]:
    """An application that leaves handlers alone."""
    with serve() as server:
        yield server


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_both(server: Server, number: signal.Signals) -> None:
    """The nodes are destroyed while ROS is up; nothing is on stderr."""
    first = server.get("/ticks").json()
    while server.get("/ticks").json() == first:
        pass
    server.process.send_signal(number)
    assert server.end() == (STATUS[number], "")
    assert server.said.endswith("destroyed, ROS is up\n")


def test_an_error_of_a_node_stops_the_server(server: Server) -> None:
    """It answers 503 until it has; the log names the timer, and the end shows the traceback."""
    with httpx.stream("GET", server.url + "/events", timeout=DEADLINE_SEC) as response:
        lines = response.iter_lines()
        assert next(lines) == "data: begun"
        server.post("/burn")
        assert list(lines) == [""]
    with contextlib.suppress(httpx.TransportError):  # it may be down already
        while (answer := server.get("/ticks")).status_code == 200:
            pass
        assert (answer.status_code, answer.text) == (503, "The nodes have ended by an error")
    status, stderr = server.end()
    assert status == -signal.SIGTERM
    assert "503; the server is told to stop: ValueError('burnt'). In timer " in stderr
    assert "in _tick\n    raise ValueError(" in stderr
    assert server.said.endswith("stream ended\ndestroyed, ROS is up\n")


def test_a_shutdown_of_ros_stops_the_server(server: Server) -> None:
    """A frozen page would be the alternative."""
    assert server.post("/shutdown").status_code == 200
    status, stderr = server.end()
    assert status == -signal.SIGTERM
    assert stderr.count("\n") == 1
    assert "The nodes were shut down" in stderr


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_streams(server: Server, number: signal.Signals) -> None:
    """The server waits for its requests before it ends anything else."""
    with httpx.stream("GET", server.url + "/events", timeout=DEADLINE_SEC) as response:
        lines = response.iter_lines()
        assert next(lines) == "data: begun"
        server.process.send_signal(number)
        assert list(lines) == [""]  # it is complete, in the eyes of the client
    assert server.end() == (STATUS[number], "")
    assert "stream ended" in server.said


def test_a_stream_that_begins_after_the_signal(server: Server) -> None:
    """It ends where it begins."""
    assert server.process.stdin is not None
    with ThreadPoolExecutor() as pool:
        late = pool.submit(server.get, "/late")
        server.wait_for("waits")
        with httpx.stream("GET", server.url + "/events", timeout=DEADLINE_SEC) as response:
            lines = response.iter_lines()
            assert next(lines) == "data: begun"
            server.process.send_signal(signal.SIGTERM)
            assert list(lines) == [""]  # the signal was heard
        print(file=server.process.stdin, flush=True)
        assert late.result().status_code == 200
    assert server.end() == (-signal.SIGTERM, "")


def test_what_ends_by_itself_may_end(server: Server) -> None:
    """A table that was cut off would look whole."""
    assert server.process.stdin is not None
    with httpx.stream("GET", server.url + "/rows", timeout=DEADLINE_SEC) as response:
        lines = response.iter_lines()
        assert next(lines) == "1"
        server.wait_for("waits")
        server.process.send_signal(signal.SIGTERM)
        print("2", file=server.process.stdin, flush=True)
        assert [*lines] == ["2"]
    assert server.end() == (-signal.SIGTERM, "")


def test_a_client_that_does_not_read_has_a_limit() -> None:
    """Its stream ends, and the server's ``timeout_graceful_shutdown`` the wait for the client."""
    with serve("limit") as server, deaf_client(server, "/flood"):
        server.wait_for("flooded")
        server.process.send_signal(signal.SIGTERM)
        status, stderr = server.end()
    assert status == -signal.SIGTERM
    assert "timeout graceful shutdown exceeded" in stderr
    assert server.said.endswith("flooded\ndestroyed, ROS is up\n")


def test_a_second_ctrl_c_waits_for_no_client() -> None:
    """The first one has ended all streams; the nodes are destroyed all the same."""
    # uvloop does not survive the error of a connection that it closes.
    with serve(warnings="ignore") as server, deaf_client(server, "/flood"):
        server.wait_for("flooded")
        with httpx.stream("GET", server.url + "/events", timeout=DEADLINE_SEC) as response:
            lines = response.iter_lines()
            assert next(lines) == "data: begun"
            server.process.send_signal(signal.SIGINT)
            assert list(lines) == [""]
        server.process.send_signal(signal.SIGINT)
        status, _ = server.end()
    assert status == STATUS[signal.SIGINT]
    assert "destroyed, ROS is up\n" in server.said


@pytest.mark.parametrize(("path", "told"), [("/live", ""), ("/talk", "page has gone")])
def test_a_signal_ends_websockets(server: Server, path: str, told: str) -> None:
    """By the code that says why."""

    async def visit() -> int | None:
        async with websockets.connect(server.url.replace("http", "ws") + path) as page:
            assert await page.recv() == "begun"
            server.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(websockets.ConnectionClosed):
                await page.recv()
            return page.close_code

    assert asyncio.run(visit()) in (1001, 1012)  # by us, or by the server
    assert server.end() == (-signal.SIGTERM, "")


@pytest.mark.parametrize("cancels", [True, False])
def test_a_client_that_leaves(cancels: bool) -> None:
    """What its handler waits for ends, if that was asked for; else with the server only."""
    with serve(*(["cancel"] if cancels else [])) as server:

        async def leave() -> None:
            async with httpx.AsyncClient() as client:
                call = asyncio.create_task(client.post(server.url + "/call"))
                await asyncio.to_thread(server.wait_for, "asked")
                call.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await call

        asyncio.run(leave())
        if cancels:
            server.wait_for("call ended")
        server.get("/ticks")
        assert ("call ended" in server.said) == cancels
        if not cancels:
            return  # it waits for its handler
        server.process.send_signal(signal.SIGINT)
        assert server.end() == (0, "")


def test_a_handler_that_waits_for_its_client_hears_of_it() -> None:
    """It is told, and not cancelled; and so may one that has answered already end its work."""
    with serve("cancel") as server:

        async def visit() -> None:
            async with websockets.connect(server.url.replace("http", "ws") + "/talk") as page:
                assert await page.recv() == "begun"

        asyncio.run(visit())
        server.wait_for("page has gone")
        assert server.post("/later").status_code == 200
        server.wait_for("worked")
        server.process.send_signal(signal.SIGINT)
        assert server.end() == (0, "")


async def enter(lifespan: aiorcl.Lifespan, application: Any) -> None:
    """Begin and end an application."""
    async with lifespan(application):
        pass


def test_without_a_server(monkeypatch: pytest.MonkeyPatch, context: Context) -> None:
    """In a test, say: nodes run, errors leave the block, and no signal is sent to anybody."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))

    class Fails(Node):
        def __init__(self) -> None:
            super().__init__("fails", context=context, start_parameter_services=False)
            self.create_timer(0.001, self._fail)

        def _fail(self) -> None:
            raise ValueError("on purpose")

    async def main() -> None:
        ros = aiorcl.lifespan(Fails, context=context)
        application = FastAPI()
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://robot") as client:
            stack = contextlib.AsyncExitStack()
            await stack.enter_async_context(ros(application))
            assert (await client.get("/")).status_code == 404
            await ros.executor.wait_for_shutdown()
            await turns()
            assert (await client.get("/")).status_code == 503
            with pytest.raises(ValueError, match="on purpose"):
                await stack.aclose()
            assert (await client.get("/")).status_code == 404  # as it was

    asyncio.run(main())
    assert context.ok()


def test_a_node_that_cannot_be_made(context: Context) -> None:
    """The application does not start, and nodes before it are destroyed."""
    made: list[Node] = []

    def make() -> Node:
        made.append(Node("node", context=context, start_parameter_services=False))
        return made[-1]

    def fails() -> Node:
        raise ValueError("on purpose")

    ros = aiorcl.lifespan(make, fails, context=context)
    for _ in range(2):
        with pytest.raises(ValueError, match="on purpose"):
            asyncio.run(enter(ros, FastAPI()))
    assert len(made) == 2
    for node in made:
        with pytest.raises(InvalidHandle):
            node.get_name()
    assert ros.nodes == ()


def test_questions_that_have_no_answer(context: Context, lone: Node) -> None:
    """Each says what is wrong."""
    ros = aiorcl.lifespan(lambda: lone, context=context)
    with pytest.raises(RuntimeError, match="does not run"):
        ros.executor.get_nodes()
    with pytest.raises(LookupError, match="no Node among the nodes: none"):
        ros.node(Node)
    with pytest.raises(TypeError, match=r"aiorcl.lifespan\(\) takes"):
        aiorcl.lifespan(3)  # type: ignore[arg-type]

    @contextlib.asynccontextmanager
    async def twice(application: FastAPI) -> AsyncIterator[None]:
        async with ros(application):
            assert ros.node(Node) is lone
            assert ros.executor.get_nodes() == [lone]
            with pytest.raises(RuntimeError, match="runs already"):
                await enter(ros, application)
            yield

    async def main() -> None:
        async with twice(FastAPI()):
            pass

    asyncio.run(main())
