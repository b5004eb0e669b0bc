# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What stands in where a system has neither eventfd nor timerfd.

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.task import Future
from std_msgs.msg import Int64

import aiorcl
from aiorcl import _core

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rclpy.context import Context

    from tests.support.makers import MakeNode, Run


@pytest.fixture(params=["own", "stock"])
def executor(
    request: pytest.FixtureRequest, context: Context, monkeypatch: pytest.MonkeyPatch
) -> Iterator[aiorcl.AsyncioExecutor]:
    """Give an executor that wakes by a pipe and keeps time by the loop."""
    monkeypatch.setattr(_core, "Dispatcher", partial(_core.Dispatcher, portable=True))
    loop = asyncio.new_event_loop() if request.param == "stock" else None
    executor = aiorcl.AsyncioExecutor(context=context, loop=loop)
    assert executor._dispatcher.timer_fds == []
    yield executor
    executor.shutdown()
    if loop is not None:
        loop.close()


def test_a_message_wakes_the_loop_by_a_pipe(
    executor: aiorcl.AsyncioExecutor, make_node: MakeNode
) -> None:
    """Messages arrive that are published while the loop sleeps."""
    node = make_node()
    received: Future[int] = Future()
    node.create_subscription(Int64, "topic", lambda message: received.set_result(message.data), 10)
    publisher = node.create_publisher(Int64, "topic", 10)
    executor.add_node(node)
    executor.loop.call_later(0.02, publisher.publish, Int64(data=7))
    executor.spin_until_future_complete(received, timeout_sec=10)
    assert received.result() == 7


def test_the_loop_brings_timers(executor: aiorcl.AsyncioExecutor, make_node: MakeNode) -> None:
    """Timers made before and while the loop runs are called, and go on after a call."""
    node = make_node()
    executor.add_node(node)
    late: Future[None] = Future()
    calls = []

    def first() -> None:
        calls.append("first")
        if len(calls) == 3:
            node.create_timer(0.001, lambda: late.set_result(None))

    node.create_timer(0.001, first)
    executor.spin_until_future_complete(late, timeout_sec=10)
    assert late.done()
    assert calls[:3] == ["first"] * 3


def test_the_loop_ends_sleeps(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sleeps on a clock end on time, in their order, and a cancelled one ends none."""
    monkeypatch.setattr(_core, "Dispatcher", partial(_core.Dispatcher, portable=True))
    clock = aiorcl.AsyncioClock(Clock(clock_type=ClockType.STEADY_TIME))
    ended: list[int] = []

    async def main() -> None:
        start = clock.now()

        async def sleep(milliseconds: int) -> None:
            await clock.sleep_until_async(start + Duration(nanoseconds=milliseconds * 1_000_000))
            ended.append(milliseconds)

        cancelled = asyncio.create_task(sleep(40))
        asyncio.get_running_loop().call_soon(cancelled.cancel)
        await asyncio.gather(cancelled, sleep(60), sleep(20), return_exceptions=True)

    run(main)
    assert ended == [20, 60]
