# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a callback raises because another thread has shut the context down: heard, and once.

from __future__ import annotations

import asyncio

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from tests.support.elsewhere import call_elsewhere
from tests.support.makers import MakeNode, Run


def failing_at_the_end(context: Context, node: Node) -> None:
    """Let two callbacks fail: one in which another thread shuts down, one as it is cancelled."""
    publisher = node.create_publisher(Int64, "topic", 10)

    async def clean_up() -> None:
        cleaning.cancel()
        node.create_timer(0.0, shut_down)
        try:
            await asyncio.Event().wait()
        finally:
            publisher.publish(Int64())

    def shut_down() -> None:
        call_elsewhere(lambda: rclpy.shutdown(context=context))
        publisher.publish(Int64())

    cleaning = node.create_timer(0.0, clean_up)  # type: ignore[arg-type]


def heard_by(loop: asyncio.AbstractEventLoop) -> list[BaseException]:
    """Return what the exception handler of a loop will have been given."""
    heard: list[BaseException] = []
    loop.set_exception_handler(lambda _, details: heard.append(details["exception"]))
    return heard


def is_of_timer(error: BaseException | None) -> bool:
    """Tell whether an exception says that it comes from a timer."""
    return any("In timer" in note for note in getattr(error, "__notes__", ()))


def test_what_is_not_the_cause_is_heard(context: Context, make_node: MakeNode) -> None:
    """Of two callbacks that meet the shutdown one is the cause, and the handler gets the other."""
    node = make_node()
    failing_at_the_end(context, node)
    with AsyncioExecutor(context=context) as executor:
        heard = heard_by(executor.loop)
        executor.add_node(node)
        with pytest.raises(ExternalShutdownException) as raised:
            executor.spin()
    assert is_of_timer(raised.value.__cause__)
    assert [is_of_timer(error) for error in heard] == [True]


def test_what_meets_the_shutdown_in_a_block_is_heard_once(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """The block ends well, as nothing went wrong before; the handler gets each exception."""
    node = make_node()
    failing_at_the_end(context, node)

    async def main() -> None:
        heard = heard_by(asyncio.get_running_loop())
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            await executor.wait_for_shutdown()
        assert [is_of_timer(error) for error in heard] == [True, True]

    run(main)


def test_what_no_spin_call_raises_is_heard(context: Context, make_node: MakeNode) -> None:
    """A spin call that returns, as its executor was shut down too, leaves it to the handler."""
    node = make_node()
    publisher = node.create_publisher(Int64, "topic", 10)
    executor = AsyncioExecutor(context=context)
    heard = heard_by(executor.loop)
    executor.add_node(node)

    def publish() -> None:
        call_elsewhere(lambda: rclpy.shutdown(context=context))
        executor.shutdown()
        publisher.publish(Int64())

    node.create_timer(0.0, publish)
    executor.spin()
    assert [is_of_timer(error) for error in heard] == [True]
