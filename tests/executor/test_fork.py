# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# fork: what a forked child does to its copy of an executor is nothing to the parent.

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.loops import LOOPS

if TYPE_CHECKING:
    from tests.support.makers import Run


# Since Python 3.12 fork warns in a process with threads, and every ROS process has threads.
pytestmark = pytest.mark.filterwarnings(
    "ignore:This process .* is multi-threaded:DeprecationWarning"
)

CLEANED_UP = 77  # what a child ends with in which a coroutine of its parent has run


def exit_code_of_child(act: Callable[[], object]) -> int:
    """Let a forked child do something, and end."""
    gc.collect()  # or the child collects what other tests have left, and calls rcl for it
    child = os.fork()
    if child == 0:
        signal.alarm(5)  # ends a child that hangs
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_forked_child_shuts_its_copy_down(run: Run, context: Context, lone: Node) -> None:
    """Parent and child share an epoll; after the child's shutdown the parent still gets calls."""

    async def main() -> None:
        ticks = 0
        ticked = asyncio.Event()

        def callback() -> None:
            nonlocal ticks
            ticks += 1
            ticked.set()

        async def tick() -> None:
            ticked.clear()
            await ticked.wait()

        lone.create_timer(0.005, callback)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await tick()
            child = os.fork()
            if child == 0:
                signal.alarm(5)  # ends a child that hangs
                executor.shutdown()
                os._exit(0)
            _, status = await asyncio.to_thread(os.waitpid, child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
            before = ticks
            while ticks < before + 3:
                await tick()

    run(main)


@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
@pytest.mark.parametrize("ends", ["drops it", "exits", "spins", "closes its loop"])
def test_a_forked_child_leaves_an_idle_executor(
    context: Context, lone: Node, make_loop: Callable[[], asyncio.AbstractEventLoop], ends: str
) -> None:
    """It runs no coroutine of its parent, and the timers of the parent go on."""
    parent = os.getpid()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1

    async def wait() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            if os.getpid() != parent:
                os._exit(CLEANED_UP)

    loop = make_loop()
    executor = AsyncioExecutor(context=context, loop=loop)
    executor.add_node(lone)
    timer = lone.create_timer(0.005, tick)
    task = executor.create_task(wait())
    while ticks < 2:
        executor.spin_once(timeout_sec=1)

    def act() -> None:
        nonlocal executor, task, loop
        if ends == "drops it":
            del executor, task
            lone.destroy_timer(timer)
            loop.close()
            del loop
            gc.collect()
        elif ends == "exits":
            atexit._run_exitfuncs()
        elif ends == "spins":
            executor.spin()
            executor.spin_once(timeout_sec=3600)
        else:
            loop.call_soon(loop.stop)
            loop.run_forever()
            loop.close()

    assert exit_code_of_child(act) == 0
    assert not task.done()
    before = ticks
    while ticks < before + 3:
        executor.spin_once(timeout_sec=1)
    executor.shutdown()
    assert task.cancelled()
    loop.close()


def test_a_forked_child_exits_in_a_callback(run: Run, context: Context, lone: Node) -> None:
    """Its SystemExit leaves the block, and ends nothing of the parent's."""
    parent = os.getpid()

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            if os.getpid() != parent:
                os._exit(CLEANED_UP)

    async def body(executor: AsyncioExecutor) -> None:
        forked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def fork() -> None:
            child = os.fork()
            if child == 0:
                signal.alarm(5)
                raise SystemExit(3)
            forked.set_result(child)

        async with executor:
            executor.add_node(lone)
            task = executor.create_task(wait())
            lone.create_guard_condition(fork).trigger()
            child = await forked
            code = os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, child, 0))[1])
            assert code == 3
            ticked = asyncio.Event()
            lone.create_timer(0.005, ticked.set)
            await ticked.wait()
            assert not task.done()

    async def main() -> None:
        try:
            await body(AsyncioExecutor(context=context))
        except SystemExit as end:
            os._exit(3 if end.code == 3 else 1)
        finally:
            if os.getpid() != parent:
                os._exit(1)

    run(main)


def test_a_forked_child_asks_for_a_loop(context: Context) -> None:
    """It hears that the executor is not its own, also if another thread chose one at the fork."""
    executor = AsyncioExecutor(context=context)
    chooses, may_end = threading.Event(), threading.Event()

    def choose() -> None:
        with executor._home._choosing:
            chooses.set()
            may_end.wait()

    def ask() -> None:
        with pytest.raises(RuntimeError, match="shut down"):
            executor.loop  # noqa: B018  # asking is the test

    thread = threading.Thread(target=choose)
    thread.start()
    chooses.wait()
    try:
        assert exit_code_of_child(ask) == 0
    finally:
        may_end.set()
        thread.join()
    executor.shutdown()
