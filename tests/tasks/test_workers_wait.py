# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks in workers that have the loop wait for something, and the end of their executor.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError, ThreadCallbackGroup
from tests.support.threads import Threads, a_message

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

Wait = Callable[[Node], Coroutine[Any, Any, object]]

WAITS: dict[str, Wait] = {
    "call": lambda node: aiorcl.call(node.create_client(Trigger, "nobody"), Trigger.Request()),
    "service_ready": lambda node: aiorcl.service_ready(node.create_client(Trigger, "nobody")),
    "action_ready": lambda node: aiorcl.action_ready(ActionClient(node, Fibonacci, "nobody")),
    "next_message": lambda node: aiorcl.next_message(node, Int64, "nobody"),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("has_hook", [False, True], ids=["handler", "hook"])
def test_the_end_of_a_block_ends_the_wait_of_a_worker(
    run: Run, context: Context, lone: Node, wait: Wait, *, has_hook: bool
) -> None:
    """Neither waits for the other: the worker is told, also if it asks again, and nobody else."""
    asked: list[BaseException] = []
    told: list[BaseException] = []

    async def main() -> None:
        called = Threads()
        hook = (lambda error, _: told.append(error)) if has_hook else None
        async with AsyncioExecutor(context=context, on_error=hook) as executor:
            executor.add_node(lone)
            waiting = wait(lone)
            again = wait(lone)

            async def wait_and_tell() -> None:
                asyncio.get_running_loop().call_soon(called.note)
                await waiting

            def callback(_: Int64) -> None:
                for each in (wait_and_tell(), again):
                    try:
                        asyncio.run_coroutine_threadsafe(each, executor.loop).result()
                    except EntityGoneError as error:
                        asked.append(error)
                raise asked[0]

            a_message(lone, ThreadCallbackGroup(1), callback)
            await called.next()

    run(main)
    assert len(asked) == 2
    assert told == []


def test_the_end_of_a_spin_ends_the_wait_of_a_worker(context: Context, lone: Node) -> None:
    """As shutdown() on another thread has it."""
    begun = threading.Event()
    asked: list[BaseException] = []
    client = lone.create_client(Trigger, "nobody")
    executor = AsyncioExecutor(context=context)

    async def wait() -> None:
        asyncio.get_running_loop().call_soon(begun.set)
        await aiorcl.call(client, Trigger.Request())

    def callback(_: Int64) -> None:
        try:
            asyncio.run_coroutine_threadsafe(wait(), executor.loop).result()
        except EntityGoneError as error:
            asked.append(error)
            raise

    executor.add_node(lone)
    a_message(lone, ThreadCallbackGroup(1), callback)
    spinning = threading.Thread(target=executor.spin)
    spinning.start()
    begun.wait()
    assert executor.shutdown()
    spinning.join()
    assert len(asked) == 1


def test_a_coroutine_that_cleans_up_is_answered_beside_a_worker(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """Only when it has ended the worker that waits is told."""
    node, server = make_node(), make_node()
    order: list[str] = []

    async def main() -> None:
        called = Threads()
        async with AsyncioExecutor(context=context) as outer:
            outer.add_node(server)

            def serve(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
                return response

            server.create_service(Trigger, "service", serve)
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(node)
                client = node.create_client(Trigger, "service")
                nobody = node.create_client(Trigger, "nobody")

                async def wait() -> None:
                    asyncio.get_running_loop().call_soon(called.note)
                    await aiorcl.call(nobody, Trigger.Request())

                def callback(_: Int64) -> None:
                    try:
                        asyncio.run_coroutine_threadsafe(wait(), executor.loop).result()
                    except EntityGoneError:
                        order.append("worker")

                async def clean_up() -> None:
                    try:
                        await asyncio.Event().wait()
                    finally:
                        await aiorcl.call(client, Trigger.Request())
                        order.append("coroutine")

                executor.create_task(clean_up)
                a_message(node, ThreadCallbackGroup(1), callback)
                await called.next()

    run(main)
    assert order == ["coroutine", "worker"]
