# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks in workers that spin another executor when the context goes down.

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from aiorcl._serving.guards import guards_of
from tests.support.children import Ended, start
from tests.support.elsewhere import DEADLINE_SEC, call_elsewhere
from tests.support.threads import Threads, a_message

if TYPE_CHECKING:
    from tests.support.makers import Run


@pytest.mark.parametrize("who", ["callback", "thread"])
def test_a_spin_call_that_ros_ends_is_no_error(
    run: Run, context: Context, lone: Node, who: str
) -> None:
    """That it leaves the callback says no more than that ROS is down: the block ends well."""
    left, heard = list[type[BaseException]](), list[object]()

    async def main() -> None:
        spins = Threads()

        def callback(_: Int64) -> None:
            inner = AsyncioExecutor(context=context)
            inner.create_task(spins.note)
            try:
                inner.spin()
            except BaseException as error:
                left.append(type(error))
                raise

        asyncio.get_running_loop().set_exception_handler(lambda _, what: heard.append(what))
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            a_message(lone, ThreadCallbackGroup(1), callback)
            await spins.next()
            if who == "callback":
                executor.create_task(context.shutdown)
            else:
                await asyncio.to_thread(context.shutdown)
            await executor.wait_for_shutdown()

    run(main)
    assert left == [ExternalShutdownException]
    assert heard == []


def test_another_executor_hears_of_a_signal_first(context: Context) -> None:
    """Its spin call ends before the context is down, and before the executor of the callback."""
    met: list[BaseException] = []

    def spin() -> None:
        inner = AsyncioExecutor(context=context)
        inner.create_task(guards_of(context).signal.trigger)  # what the handler of a signal does
        try:
            inner.spin()
        except ExternalShutdownException as error:
            met.append(error)
        inner.shutdown()

    def callback() -> None:
        call_elsewhere(spin)
        raise met[0]

    executor = AsyncioExecutor(context=context)
    executor.create_task(callback)
    with pytest.raises(ExternalShutdownException) as raised:
        executor.spin()
    assert raised.value is not met[0]
    assert raised.value.__cause__ is None
    assert context.ok()
    executor.shutdown()


def test_the_end_of_another_context_is_an_error(context: Context) -> None:
    """This one is up."""
    other = Context()
    other.init(domain_id=context.get_domain_id())
    inner = AsyncioExecutor(context=other)
    spins = threading.Event()

    def shut_down() -> None:
        assert spins.wait(DEADLINE_SEC)
        other.shutdown()

    async def work() -> None:
        inner.create_task(spins.set)
        await asyncio.to_thread(inner.spin)

    thread = threading.Thread(target=shut_down)
    thread.start()
    executor = AsyncioExecutor(context=context)
    executor.create_task(work)
    with pytest.raises(ExternalShutdownException) as raised:
        executor.spin()
    assert raised.value.__notes__ == [f"In task '{work.__qualname__}'"]
    thread.join()
    inner.shutdown()
    executor.shutdown()


@pytest.mark.parametrize(
    ("way", "number"),
    [("spin", signal.SIGINT), ("spin", signal.SIGTERM), ("async_with", signal.SIGTERM)],
)
def test_a_signal_while_a_worker_spins(context: Context, way: str, number: signal.Signals) -> None:
    """The process ends well, and is silent. (SIGINT leaves ROS up in a block.)"""
    with start("workers", way, "spins", domain_id=context.get_domain_id()) as child:
        child.hear_that("waits")
        child.send_signal(number)
        assert child.end() == Ended(0, "shut down\n", "")
