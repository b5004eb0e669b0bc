# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# executor.shutdown() from wherever a program may call it: it returns, and ends the spin once.

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.threads import a_message

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 10.0

#: Shuts down now or soon, and puts into the list what the calls returned.
Way = Callable[[AsyncioExecutor, Node, list[bool]], None]


def by_two_workers(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """Two threads of a group, each in a callback that the other's call waits for."""
    group, together = ThreadCallbackGroup(2), threading.Barrier(2)

    def callback(_: Int64) -> None:
        together.wait()
        returned.append(executor.shutdown())

    for _ in range(2):
        a_message(node, group, callback)


def by_two_threads(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """Two threads of the user's at once."""
    together = threading.Barrier(2)

    def shut_down() -> None:
        together.wait()
        returned.append(executor.shutdown())

    for _ in range(2):
        threading.Thread(target=shut_down).start()


def by_what_it_cancels(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """A shutdown ends a coroutine, which calls it again in its cleanup."""

    async def callback() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            returned.append(executor.shutdown())

    async def shut_down() -> None:
        returned.append(executor.shutdown())

    executor.create_task(callback)
    executor.create_task(shut_down)


def by_a_finalizer(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """The collector frees an object, in the middle of a callback."""

    class Owner:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            returned.append(executor.shutdown())

    Owner()
    executor.create_task(gc.collect)


def by_a_signal_handler(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """Python runs the handler between two instructions of the thread that spins."""

    def handler(*_: Any) -> None:
        returned.append(executor.shutdown())

    before = signal.signal(signal.SIGUSR1, handler)

    def raise_it() -> None:
        signal.raise_signal(signal.SIGUSR1)
        signal.signal(signal.SIGUSR1, before)

    executor.create_task(raise_it)


WAYS = {
    by_two_workers: 2,
    by_two_threads: 2,
    by_what_it_cancels: 2,
    by_a_finalizer: 1,
    by_a_signal_handler: 1,
}


@pytest.mark.parametrize(
    ("way", "calls"), WAYS.items(), ids=[way.__name__.removeprefix("by_") for way in WAYS]
)
def test_shutdown_ends_the_spin(
    context: Context, make_node: MakeNode, way: Way, calls: int
) -> None:
    """Every call returns, also those that could only wait for each other; the spin returns."""
    executor = AsyncioExecutor(context=context)
    node = make_node()
    executor.add_node(node)
    returned: list[bool] = []
    way(executor, node, returned)
    executor.spin()
    while len(returned) < calls:
        executor.shutdown()  # waits for what is under way
    assert executor.shutdown() is True
    assert executor.get_nodes() == []


def test_a_worker_shuts_down_between_two_spin_calls(context: Context, lone: Node) -> None:
    """It cannot wait for its own callback, also while nobody spins; the next call ends all."""
    begun, goes_on = threading.Event(), threading.Event()
    returned: list[bool] = []

    def callback(_: Int64) -> None:
        begun.set()
        goes_on.wait()
        returned.append(executor.shutdown())
        ended.set()

    ended = threading.Event()
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    a_message(lone, ThreadCallbackGroup(1), callback)
    while not begun.is_set():
        executor.spin_once(timeout_sec=0)
    goes_on.set()
    assert ended.wait(DEADLINE_SEC)
    assert executor.shutdown() is True
    assert returned == [False]
