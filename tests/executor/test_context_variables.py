# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Context variables: what a callback and a task see, and that nothing leaks out of them.

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup, subscribers_ready
from tests.support.elsewhere import call_elsewhere
from tests.support.executors import OURS, Flavour, make_executor
from tests.support.makers import Run

request = contextvars.ContextVar("request", default="none")


def get_and_set(seen: list[str], value: str) -> None:
    """Note what the variable is here, and set it."""
    seen.append(request.get())
    request.set(value)


def test_callbacks_see_the_block_and_not_each_other(run: Run, context: Context, lone: Node) -> None:
    """Each callback, plain or not, in a thread or not, starts with what was set at the block."""
    seen: list[str] = []
    on_seen: list[Callable[[], None]] = []

    def plain(message: Int64) -> None:
        get_and_set(seen, "plain")
        on_seen[0]()

    async def coroutine(message: Int64) -> None:
        get_and_set(seen, "coroutine")
        on_seen[0]()
        await asyncio.sleep(0)
        assert request.get() == "coroutine"

    async def main() -> None:
        request.set("block")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            ended = asyncio.get_running_loop().create_future()
            four = asyncio.Event()
            on_seen.append(lambda: four.set() if len(seen) == 4 else None)
            request.set("body")
            publisher = lone.create_publisher(Int64, "topic", 10)
            lone.create_subscription(Int64, "topic", plain, 10)
            lone.create_subscription(Int64, "topic", coroutine, 10)  # type: ignore[arg-type]
            await subscribers_ready(publisher, 2)
            for _ in range(2):
                publisher.publish(Int64())
            await four.wait()
            loop = asyncio.get_running_loop()

            def in_worker() -> None:
                get_and_set(seen, "worker")
                loop.call_soon_threadsafe(ended.set_result, None)

            timer = lone.create_timer(0.001, in_worker, callback_group=ThreadCallbackGroup(1))
            await ended
            timer.cancel()
            assert request.get() == "body"

    run(main)
    assert seen == ["block"] * 5


def test_a_task_sees_what_its_maker_saw(run: Run, context: Context) -> None:
    """create_task copies the context, as asyncio's does, for functions and coroutines alike."""

    async def read() -> str:
        await asyncio.sleep(0)
        return request.get()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            kinds: list[Any] = [read(), read, request.get, lambda: read()]
            for number, what in enumerate(kinds):
                request.set(f"request {number}")
                task = executor.create_task(what)
                request.set("later")
                assert await task == f"request {number}"

            def elsewhere() -> None:
                request.set("thread")
                tasks.append(executor.create_task(read))

            tasks: list[Any] = []
            call_elsewhere(elsewhere)
            assert await tasks[0] == "thread"

    run(main)


@pytest.mark.parametrize("flavour", OURS, ids=lambda flavour: flavour.name)
def test_nothing_leaks_out_of_a_spin_call(flavour: Flavour, context: Context, lone: Node) -> None:
    """Callbacks see what the caller of a spin call has set, and the caller nothing of theirs."""
    seen: list[str] = []
    loop = flavour.make_loop() if flavour.make_loop else None
    executor: Any = make_executor(flavour, context, loop)
    executor.add_node(lone)
    guard = lone.create_guard_condition(lambda: get_and_set(seen, "callback"))

    def in_context() -> None:
        for number in range(3):
            request.set(f"caller {number}")
            guard.trigger()
            executor.spin_once(timeout_sec=0)
            assert request.get() == f"caller {number}"

    contextvars.copy_context().run(in_context)
    assert seen == ["caller 0", "caller 1", "caller 2"]
    executor.shutdown()
    if loop is not None:
        loop.close()
