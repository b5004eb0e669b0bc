# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Uses every kind of entity under an executor, and then leaves the process in one of many ways.

from __future__ import annotations

import argparse
import asyncio
import math
import sys
import threading
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioClock, AsyncioExecutor, ThreadCallbackGroup
from tests.processes.programs.talk import set_deadline
from tests.support.actions import serve_action
from tests.support.loops import LOOPS

KINDS = {"message", "response", "guard condition", "timer", "result", "sleep", "worker"}


class Everything(Node):
    """A node that has an entity of each kind, and talks to itself."""

    def __init__(self) -> None:
        super().__init__("everything")
        self.seen: set[str] = set()
        self.create_subscription(Int64, "topic", self.on_message, 10)
        on_message_async: Any = self.on_message_async  # rclpy's types know no coroutines
        self.create_subscription(Int64, "topic", on_message_async, 10)
        self.publisher = self.create_publisher(Int64, "topic", 10)
        self.create_service(Trigger, "service", self.on_request)
        self.trigger = self.create_client(Trigger, "service")
        self.guard = self.create_guard_condition(lambda: self.seen.add("guard condition"))
        self.server = serve_action(self)
        self.action = ActionClient(self, Fibonacci, "action")
        self.create_subscription(
            Int64,
            "topic",
            lambda _: self.seen.add("worker"),
            10,
            callback_group=ThreadCallbackGroup(1),
        )
        self.create_timer(0.001, self.on_timer)

    def on_message(self, _: Int64) -> None:
        """Notice a message."""
        self.seen.add("message")

    async def on_message_async(self, _: Int64) -> None:
        """Ask the service, and notice its response."""
        response = await self.trigger.call_async(Trigger.Request())
        assert response is not None
        assert response.success
        self.seen.add("response")
        goal = await self.action.send_goal_async(Fibonacci.Goal(order=1))
        result = await goal.get_result_async()
        assert result.status == GoalStatus.STATUS_SUCCEEDED
        self.seen.add("result")
        await AsyncioClock(self.get_clock()).sleep_for_async(Duration(nanoseconds=1))
        self.seen.add("sleep")

    async def on_request(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Answer after a turn of the loop."""
        await asyncio.sleep(0)
        response.success = True
        return response

    def on_timer(self) -> None:
        """Start everything else."""
        self.seen.add("timer")
        self.publisher.publish(Int64())
        self.guard.trigger()

    @property
    def complete(self) -> bool:
        """Whether each kind of callback has been called."""
        return self.seen == KINDS


class Holder(Node):
    """A node with a coroutine callback that never ends."""

    def __init__(self) -> None:
        super().__init__("holder")
        self.begun = False
        callback: Any = self.callback  # rclpy's types know no coroutines
        self.timer = self.create_timer(0.001, callback)

    async def callback(self) -> None:
        """Wait for ever."""
        self.timer.cancel()
        self.begun = True
        await asyncio.Event().wait()


kept: list[object] = []


def leave_properly(loop: asyncio.AbstractEventLoop) -> None:
    """Shut everything down, in order."""
    node = Everything()
    with AsyncioExecutor(loop=loop) as executor:
        executor.add_node(node)
        while not node.complete:
            executor.spin_once()
    node.destroy_node()
    rclpy.shutdown()
    loop.close()


def leave_the_block(loop: asyncio.AbstractEventLoop) -> None:
    """Run under async with."""

    node = Everything()

    async def main() -> None:
        complete = asyncio.Event()
        node.create_timer(0.001, lambda: complete.set() if node.complete else None)
        async with AsyncioExecutor() as executor:
            executor.add_node(node)
            await complete.wait()
        node.destroy_node()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
    rclpy.shutdown()


def leave_all_behind(loop: asyncio.AbstractEventLoop) -> None:
    """Shut nothing down, and keep everything until the interpreter goes."""
    node, holder = Everything(), Holder()
    executor = AsyncioExecutor(loop=loop)
    executor.add_node(node)
    executor.add_node(holder)
    while not (node.complete and holder.begun):
        executor.spin_once()
    kept.extend((node, holder, executor, executor.create_future()))


def leave_the_context_first(loop: asyncio.AbstractEventLoop) -> None:
    """Shut rclpy down under the executor, and forget the executor."""
    node = Everything()
    executor = AsyncioExecutor(loop=loop)
    executor.add_node(node)
    while not node.complete:
        executor.spin_once()
    rclpy.shutdown()
    kept.append(executor)


def leave_by_exit(loop: asyncio.AbstractEventLoop) -> None:
    """End the program inside a callback, with a coroutine under way."""
    node, holder = Everything(), Holder()
    executor = AsyncioExecutor(loop=loop)
    executor.add_node(node)
    executor.add_node(holder)
    node.create_timer(0.001, lambda: sys.exit(0) if node.complete and holder.begun else None)
    executor.spin()


def leave_a_thread(loop: asyncio.AbstractEventLoop) -> None:
    """End the main thread while a daemon thread still spins."""
    node = Everything()
    executor = AsyncioExecutor(loop=loop)
    executor.add_node(node)
    complete = threading.Event()
    node.create_timer(0.001, lambda: complete.set() if node.complete else None)
    threading.Thread(target=executor.spin, daemon=True).start()
    complete.wait()


def leave_unused(loop: asyncio.AbstractEventLoop) -> None:
    """Make an executor with a node on it, and never run it."""
    node = Everything()
    executor = AsyncioExecutor(loop=loop)
    executor.add_node(node)
    executor.create_task(print, "never")
    kept.append(executor)


WAYS = {
    function.__name__: function
    for function in (
        leave_properly,
        leave_the_block,
        leave_all_behind,
        leave_the_context_first,
        leave_by_exit,
        leave_a_thread,
        leave_unused,
    )
}


def main() -> None:
    """Do what the command line asks for."""
    set_deadline()
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("loop", choices=LOOPS)
    options = parser.parse_args()
    rclpy.init(args=[])
    loop = LOOPS[options.loop]()
    kept.append(loop)
    loop.slow_callback_duration = math.inf  # on a busy machine any callback is
    WAYS[options.way](loop)


if __name__ == "__main__":
    main()
