# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Nodes that end in one way or another; test_cli.py runs them by name.

import asyncio
import functools
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import rclpy
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor


def block() -> None:
    """Block until a signal interrupts; unlike a system call it misses none that comes before.

    It takes the GIL again and again: a signal that comes while CPython 3.11 takes it, as after
    printing, is not looked at before the next time.
    """
    while True:
        select.select([], [], [], 0)


class _Once(Node):
    """Calls its timer's callback once."""

    def __init__(self) -> None:
        super().__init__("once")
        self.timer = self.create_timer(0.0, self._only_call)

    def _only_call(self) -> Any:
        self.timer.cancel()
        return self.call()

    def call(self) -> Any:
        raise NotImplementedError

    def destroy_node(self) -> None:
        print("destroyed, ROS is", "up" if rclpy.ok() else "down", flush=True)
        super().destroy_node()


class ShutsDown(_Once):
    def call(self) -> None:
        rclpy.shutdown()


class Raises(_Once):
    def call(self) -> None:
        raise ValueError("The callback went wrong")


class RaisesLater(_Once):
    async def call(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("The coroutine went wrong")


class Exits(_Once):
    def call(self) -> None:
        raise SystemExit(3)


def with_name(function: Callable[..., None]) -> Callable[..., None]:
    """Supply an argument, and show the signature of what needs it."""

    @functools.wraps(function)
    def call(*arguments: Any) -> None:
        function(*arguments, name="supplied")

    return call


class IsSupplied(ShutsDown):
    @with_name
    def __init__(self, name: str) -> None:
        super().__init__()


class _SaysStop(_Once):
    """Has a last message."""

    async def drive(self) -> None:
        """Wait for the signal, and publish then."""
        publisher = self.create_publisher(String, "last_words", 10)
        print("ready", flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            publisher.publish(String(data="stop"))
            print("published", flush=True)


class Sleeps(_SaysStop):
    """Is in a coroutine when the signal comes, and publishes at its end."""

    async def call(self) -> None:
        await self.drive()


class LeavesTask(_SaysStop):
    """Has made a task that is asyncio's, not the executor's, and publishes at its end."""

    async def call(self) -> None:
        self.task = asyncio.get_running_loop().create_task(self.drive())


class ReadsInThread(_Once):
    """Reads in a thread of asyncio's, which destroy_node() ends, and closes a connection there."""

    async def call(self) -> None:
        self.shall_end = threading.Event()
        ours, self.theirs = socket.socketpair()
        _, self.writer = await asyncio.open_connection(sock=ours)
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        tell = functools.partial(loop.call_soon_threadsafe, begun.set)
        reading = loop.run_in_executor(None, self.read, tell)
        await begun.wait()
        print("ready", flush=True)  # not in the thread, while the loop is still on its way to wait
        await reading

    def read(self, tell: Callable[[], object]) -> None:
        tell()
        self.shall_end.wait()

    def destroy_node(self) -> None:
        self.shall_end.set()
        self.writer.close()
        super().destroy_node()


class Blocks(_Once):
    """Never comes back from its callback, but tells when Ctrl-C was noticed."""

    def call(self) -> None:
        stop = signal.getsignal(signal.SIGINT)
        assert callable(stop)

        def notice(number: int, frame: FrameType | None) -> None:
            stop(number, frame)
            os.write(sys.stdout.fileno(), b"noticed\n")  # print() may be what it interrupts

        signal.signal(signal.SIGINT, notice)
        print("ready", flush=True)
        block()


class BlocksInConstructor(Node):
    def __init__(self) -> None:
        super().__init__("blocks")
        print("ready", flush=True)
        block()


class RaisesInConstructor(Node):
    def __init__(self) -> None:
        super().__init__("raises")
        raise ValueError("The constructor went wrong")


class NeedsName(Node):
    """Cannot be made without arguments, as Node itself."""


class NoNode:
    """Not a node at all."""


NUMBER = 3


def make_number() -> int:
    """Return something that is no node."""
    return NUMBER


def make_coroutine() -> object:
    """Call a coroutine function, as if it returned a node."""
    return waits()


def make_destroyed() -> Node:
    """Return a node that nobody can use."""
    node = Node("destroyed")
    node.destroy_node()
    return node


async def counts(executor: AsyncioExecutor, upto: int = 2) -> None:
    """Count, and end."""
    for number in range(upto):
        print(number, len(executor.get_nodes()), flush=True)
        await asyncio.sleep(0)


async def waits() -> None:
    """Take nothing, and end by a signal."""
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled, ROS is", "up" if rclpy.ok() else "down", flush=True)


class Answers(Node):
    """Offers a service."""

    def __init__(self) -> None:
        super().__init__("answers")
        self.create_service(Trigger, "answer", lambda request, response: response)


async def asks(executor: AsyncioExecutor) -> None:
    """Call the service of a node when the end comes."""
    (node,) = executor.get_nodes()
    client = node.create_client(Trigger, "answer")
    await aiorcl.service_ready(client)
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await aiorcl.call(client, Trigger.Request())
        print("answered", flush=True)


async def clings() -> None:
    """Have a cleanup that only a second cancellation ends."""
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        try:
            print("cleans up", flush=True)
            await asyncio.Event().wait()
        finally:
            print("cut off", flush=True)


async def fails() -> None:
    """Raise."""
    raise ValueError("on purpose")


async def exits() -> None:
    """End the program, when others have begun."""
    await asyncio.sleep(0)
    raise SystemExit(3)


async def is_cancelled() -> None:
    """End by a CancelledError, when others have begun."""
    await asyncio.sleep(0)
    raise asyncio.CancelledError


async def takes_more(executor: AsyncioExecutor, more: int) -> None:
    """Take more than the executor."""


async def goes_wrong(executor: AsyncioExecutor) -> None:
    """Raise."""
    raise ValueError("The coroutine went wrong")
