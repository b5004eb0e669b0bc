# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How aiorcl.run ends what is left: on the loop, of the nodes, and of several coroutines.

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Int64
from std_srvs.srv import Empty

from aiorcl import AsyncioClock, AsyncioExecutor, EntityGoneError
from aiorcl._serving import stopped_clocks
from aiorcl._serving.destroyed import is_destroyed

Run = Callable[..., Any]


class Driver(Node):
    """Leaves a task, an async generator and a thread on the loop, which end by publishing."""

    end = ""  # of the program: "shutdown", "signal" or "exception"
    ended: list[str] = []  # noqa: RUF012  # of the class: run makes the object

    def __init__(self) -> None:
        super().__init__("driver", start_parameter_services=False)
        self._publisher = self.create_publisher(Int64, "speed", 10)
        self._timer = self.create_timer(0.0, self._begin)  # type: ignore[arg-type]
        self._thread_shall_end = threading.Event()
        self._thread_has_ended = threading.Event()

    async def _begin(self) -> None:
        self._timer.cancel()
        self._task = asyncio.get_running_loop().create_task(self._drive())
        self._generator = self._speeds()
        await anext(self._generator)
        asyncio.get_running_loop().call_soon(self._end)
        await asyncio.to_thread(self._read)

    def _end(self) -> None:
        assert self.executor is not None
        match self.end:
            case "shutdown":
                self.executor.shutdown()
            case "signal":
                signal.raise_signal(signal.SIGTERM)
            case "exception":
                self.create_timer(0.0, self._fail)

    def _fail(self) -> None:
        raise LookupError

    def _stop(self, who: str) -> None:
        self._publisher.publish(Int64())
        self.ended.append(who)

    async def _drive(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self._stop("task")

    async def _speeds(self) -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            self._stop("generator")

    def _read(self) -> None:
        self._thread_shall_end.wait()
        self._stop("thread")
        self._thread_has_ended.set()

    def destroy_node(self) -> None:
        self._thread_shall_end.set()
        self._thread_has_ended.wait()
        super().destroy_node()
        self.ended.append("node")


async def driver(executor: AsyncioExecutor) -> None:
    """Run one until it shuts the executor down."""
    executor.add_node(Driver())
    await executor.wait_for_shutdown()


@pytest.mark.parametrize("end", ["shutdown", "signal", "exception"])
@pytest.mark.parametrize("main", [Driver, driver])
def test_nodes_end_between_coroutines_and_threads(
    run: Run, monkeypatch: pytest.MonkeyPatch, main: Any, end: str
) -> None:
    """Coroutines may publish a last message; threads end where destroy_node() ends them."""
    Driver.ended.clear()
    monkeypatch.setattr(Driver, "end", end)
    with pytest.raises(LookupError) if end == "exception" else contextlib.nullcontext():
        run(main)
    assert Driver.ended == ["task", "generator", "thread", "node"]


class Asks(Node):
    """Offers a service, has a client of it, and lives on simulated time that stands still."""

    def __init__(self) -> None:
        time = Parameter("use_sim_time", value=True)
        super().__init__("asks", start_parameter_services=False, parameter_overrides=[time])
        self.create_service(Empty, "service", lambda request, response: response)
        self.client = self.create_client(Empty, "service")

    async def call(self) -> object:
        """Ask the service."""
        return await self.client.call_async(Empty.Request())

    async def sleep(self) -> object:
        """Sleep on the clock of the node."""
        await AsyncioClock(self.get_clock()).sleep_for_async(Duration(seconds=1.0))
        return None


@pytest.mark.parametrize("ask", [Asks.call, Asks.sleep])
def test_what_tasks_wait_for_in_vain_holds_up_no_end(
    run: Run, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Asks], Coroutine[Any, Any, object]]
) -> None:
    """In their cleanup, when the executor has ended: nobody takes the answer, or sets the clock."""
    monkeypatch.setattr(stopped_clocks, "_PATIENCE_SEC", 0.0)
    left: list[asyncio.Task[object]] = []

    async def drive(node: Asks) -> object:
        try:
            await asyncio.Event().wait()
        finally:
            await ask(node)
        return None

    async def main(executor: AsyncioExecutor) -> None:
        node = Asks()
        executor.add_node(node)
        left.append(asyncio.create_task(drive(node)))
        await asyncio.sleep(0)

    run(main)
    assert isinstance(left[0].exception(), EntityGoneError)


class Bridge(Node):
    """Uses the loop in destroy_node()."""

    def __init__(self) -> None:
        super().__init__("bridge", start_parameter_services=False)
        self.ended: list[str] = []

    async def connect(self) -> None:
        """Open a connection."""
        self._loop = asyncio.get_running_loop()
        ours, self._theirs = socket.socketpair()
        _, self._writer = await asyncio.open_connection(sock=ours)

    def destroy_node(self) -> None:
        self._writer.write(b"stop")
        self._loop.run_until_complete(self._flush())
        self._writer.close()
        self._loop.call_soon(self.ended.append, "called soon")
        self.task = self._loop.create_task(asyncio.sleep(0))
        super().destroy_node()
        self.ended.append("node")

    async def _flush(self) -> None:
        await self._writer.drain()
        self.ended.append("flushed")

    def received(self) -> list[bytes]:
        """Read what has come to the other end, up to its end."""
        with self._theirs:
            return list(iter(lambda: self._theirs.recv(100), b""))


@pytest.mark.parametrize("error", [None, LookupError()])
def test_nodes_may_use_the_loop_at_their_end(run: Run, error: Exception | None) -> None:
    """It is open; what they begin there is ended, too, and nothing replaces result or error."""
    nodes: list[Bridge] = []

    async def main(executor: AsyncioExecutor) -> int:
        nodes.append(Bridge())
        executor.add_node(nodes[0])
        await nodes[0].connect()
        if error is not None:
            raise error
        return 7

    if error is None:
        assert run(main) == 7
    else:
        with pytest.raises(LookupError) as raised:
            run(main)
        assert raised.value is error
        assert error.__context__ is None
    (node,) = nodes
    assert node.ended == ["flushed", "node", "called soon"]
    assert node.received() == [b"stop"]
    assert node.task.done()


def test_a_second_signal_cuts_the_waiting_short(run: Run) -> None:
    """For a task that does not end, and a thread; nodes are destroyed all the same."""
    thread_shall_end = threading.Event()
    nodes: list[Node] = []

    async def stay() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    async def interrupt() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            signal.raise_signal(signal.SIGTERM)

    async def main(executor: AsyncioExecutor) -> None:
        loop = asyncio.get_running_loop()
        nodes.append(Node("node", start_parameter_services=False))
        executor.add_node(nodes[0])
        left = [loop.create_task(stay()), loop.create_task(interrupt())]
        loop.run_in_executor(None, thread_shall_end.wait)
        await asyncio.sleep(0)
        signal.raise_signal(signal.SIGINT)
        await asyncio.wait(left)

    try:
        with pytest.raises(KeyboardInterrupt):
            run(main)
    finally:
        thread_shall_end.set()
    assert is_destroyed(nodes[0])


def test_a_shutdown_ends_several(run: Run) -> None:
    """Of the executor, by one of their callbacks: as for one node nothing is raised."""
    ended: list[bool] = []

    async def wait(executor: AsyncioExecutor) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async def shut_down(executor: AsyncioExecutor) -> None:
        executor.shutdown()

    assert run([lambda: Node("quiet"), wait, wait, shut_down]) is None
    assert ended == [True, True]


def test_a_cancellation_of_its_own_is_raised(run: Run) -> None:
    """As asyncio.run does."""

    async def cancel(executor: AsyncioExecutor) -> None:
        raise asyncio.CancelledError

    for main in (cancel, [cancel, cancel]):
        with pytest.raises(asyncio.CancelledError):
            run(main)
