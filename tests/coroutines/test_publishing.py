# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# aiorcl.publish: that it waits for room, that this can be ended, and that nobody else waits.

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import rclpy.exceptions
from rclpy.context import Context
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.children import Child, start
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run

ENDS = (rclpy.exceptions.InvalidHandle, aiorcl.EntityGoneError)
FULL = QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE)


@pytest.fixture
def reader(context: Context) -> Iterator[Child]:
    """A reader in another process: inside of one Fast DDS forgets what a full one has refused.

    It ends with the message -2.
    """
    with start("reader", -2, domain_id=context.get_domain_id()) as child:
        child.hear_that("ready")
        yield child


async def fill(publisher: Publisher[Any], reader: Child) -> None:
    """Stop the process of the reader, and publish as much as fits."""
    await aiorcl.subscribers_ready(publisher)
    reader.send_signal(signal.SIGSTOP)
    is_full = False
    while not is_full:
        try:
            publisher.publish(Int64())
        except aiorcl.RclError:
            is_full = True


def test_a_writer_waits_for_room_off_the_loop(
    run: Run, context: Context, lone: Node, reader: Child
) -> None:
    """While histories are full the loop goes on, and when there is room the messages are sent."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publisher = lone.create_publisher(Int64, "topic", FULL)
            await fill(publisher, reader)
            publishing = [
                asyncio.ensure_future(aiorcl.publish(publisher, Int64(data=number)))
                for number in (-1, -2)
            ]
            turns, end = 0, executor.loop.time() + 0.25  # longer than an attempt
            while executor.loop.time() < end:
                await asyncio.sleep(0)
                turns += 1
            assert turns > 50  # with the interpreter's lock held it would be 3
            assert not any(task.done() for task in publishing)
            reader.send_signal(signal.SIGCONT)
            await asyncio.gather(*publishing)
            assert await asyncio.to_thread(reader.hear) == "-1"  # and then -2

    run(main)


@pytest.mark.parametrize("way", ["cancel", "destroy", "executor"])
def test_a_writer_that_waits_for_room_can_be_stopped(
    run: Run, context: Context, lone: Node, reader: Child, way: str
) -> None:
    """After the attempt that is under way, no thread goes on."""

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(lone)
            publisher = lone.create_publisher(Int64, "topic", FULL)
            await fill(publisher, reader)
            publishing = asyncio.ensure_future(aiorcl.publish(publisher, Int64(data=-1)))
            await turns()
            if way == "cancel":
                publishing.cancel()
            elif way == "destroy":
                lone.destroy_publisher(publisher)
            else:
                await block.aclose()
            await asyncio.wait([publishing])
            if way == "cancel":
                assert publishing.cancelled()
            else:
                assert isinstance(publishing.exception(), ENDS)

    run(main)


def test_a_cleanup_waits_for_room_no_longer_than_a_while(
    run: Run, context: Context, lone: Node, reader: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may be left who would make it."""
    monkeypatch.setattr("aiorcl._coroutines.publishing._CLEANUP_SEC", 0.0)
    errors: list[BaseException] = []

    async def work(publisher: Publisher[Any]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            try:
                async with asyncio.timeout(10):
                    await aiorcl.publish(publisher, Int64(data=-1))
            except Exception as error:
                errors.append(error)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publisher = lone.create_publisher(Int64, "topic", FULL)
            await fill(publisher, reader)
            executor.create_task(work, publisher)
            await turns()

    run(main)
    assert [type(error) for error in errors] == [aiorcl.EntityGoneError]


def test_other_writers_do_not_wait(run: Run, context: Context, lone: Node) -> None:
    """The message is published here and now, without a thread and without a turn of the loop."""

    async def main() -> None:
        received: list[int] = []
        lone.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
        publisher = lone.create_publisher(Int64, "topic", 10)
        coroutine = aiorcl.publish(publisher, Int64())
        with pytest.raises(RuntimeError, match="add_node"):
            await coroutine
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            coroutine = aiorcl.publish(publisher, Int64(data=3))
            with pytest.raises(StopIteration):
                coroutine.send(None)
            while received != [3]:  # noqa: ASYNC110
                await asyncio.sleep(0)

    run(main)
