# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tasks of rclpy's executors that wait for what an executor of ours completes.

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future, Task
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor
from aiorcl._rclpy import private
from tests.support.actions import serve_action
from tests.support.threads import answer

if TYPE_CHECKING:
    from tests.support.makers import Run


class Other(SingleThreadedExecutor):
    """Notes which tasks it is to call, as rclpy's executors do since 7.1.9 and 9.1.4."""

    def __init__(self, context: Context) -> None:
        super().__init__(context=context)
        self.to_call: list[Any] = []

    def _call_task_in_next_spin(self, task: Any) -> None:
        self.to_call.append(task)


class OwnFuture(Future):  # type: ignore[type-arg]  # no generic on Jazzy
    """A future that is not just that of rclpy."""


def called(node: Node) -> Any:
    """Call a service; the executor completes the future in C++."""
    return node.create_client(Trigger, "service").call_async(Trigger.Request())


def called_for_own_future(node: Node) -> Any:
    """Call a service; the future completes itself."""
    future = called(node)
    future.__class__ = OwnFuture
    return future


def sent(node: Node) -> Any:
    """Send a goal; the action client completes the future."""
    return ActionClient(node, Fibonacci, "action").send_goal_async(Fibonacci.Goal(order=1))


@pytest.fixture
def asked(lone: Node) -> Node:
    """A node that answers itself, once it is on an executor."""
    lone.create_service(Trigger, "service", answer)
    serve_action(lone)
    return lone


def test_what_waits_is_called_by_its_own_executor(run: Run, context: Context, asked: Node) -> None:
    """From rclpy 10.0.10 on tasks are among the callbacks of the future that they await."""

    async def main() -> None:
        order: list[str] = []
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asked)
            other = Other(context)
            with other:
                task: Any = Task(lambda: None, executor=other)
                ours: Any = Task(lambda: order.append("ours"), executor=executor)
                future = called(asked)
                private.callbacks_of(future).extend([task, ours])
                future.add_done_callback(lambda _: order.append("callback"))
                assert (await future).success
                while len(order) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                assert other.to_call == [task]
        assert order == ["ours", "callback"]

    run(main)


def test_futures_ask_the_executor_to_call_tasks(run: Run, context: Context) -> None:
    """Those that complete themselves do so from rclpy 10.0.10 on, whosever the task is."""

    async def main() -> None:
        ran = asyncio.Event()
        async with AsyncioExecutor(context=context) as executor:
            call: Any = getattr(executor, "_call_task_in_next_spin")  # noqa: B009
            other = Other(context)
            with other:
                task: Any = Task(lambda: None, executor=other)
                call(task)
                assert other.to_call == [task]
            call(Task(ran.set, executor=executor))
            await ran.wait()

    run(main)


def test_a_task_whose_executor_is_gone_is_named(run: Run, context: Context, asked: Node) -> None:
    """It cannot go on; all else does."""

    async def main() -> None:
        heard = asyncio.Event()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asked)
            future = called(asked)
            private.callbacks_of(future).append(Task(print))
            future.add_done_callback(lambda _: heard.set())
            with pytest.warns(UserWarning, match="Task.* will not go on"):
                assert (await future).success
            await heard.wait()

    run(main)


@pytest.mark.parametrize("ask", [called, called_for_own_future, sent])
def test_a_task_of_rclpy_awaits_an_answer(
    run: Run, context: Context, asked: Node, ask: Any
) -> None:
    """Of a node of ours; its executor is spun beside, on this thread."""
    threads: list[threading.Thread] = []

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asked)
            with SingleThreadedExecutor(context=context) as other:

                async def work() -> Any:
                    answered = await ask(asked)
                    threads.append(threading.current_thread())
                    return answered

                task = other.create_task(work)
                while not task.done():
                    other.spin_once(timeout_sec=0)
                    await asyncio.sleep(0)
                assert task.result() is not None

    run(main)
    assert threads == [threading.current_thread()]
