# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Entities in a ThreadCallbackGroup, each kind with callbacks, and in which threads these run.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import ThreadCallbackGroup


class Threads:
    """Notes the threads of callbacks, and lets a task wait for them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._came: asyncio.Queue[threading.Thread] = asyncio.Queue()

    def note(self, *_: object) -> None:
        """Note the calling thread. Any thread."""
        self._loop.call_soon_threadsafe(self._came.put_nowait, threading.current_thread())

    async def next(self) -> threading.Thread:
        """Wait for a callback, and tell its thread."""
        return await self._came.get()


def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
    """Answer well."""
    response.success = True
    return response


def a_timer(node: Node, group: ThreadCallbackGroup, callback: Callable[..., Any]) -> None:
    """Have a timer call it, once."""

    def once() -> Any:
        timer.cancel()
        return callback()

    timer = node.create_timer(0.0, once, callback_group=group)


def a_message(node: Node, group: ThreadCallbackGroup, callback: Callable[..., Any]) -> None:
    """Have a subscription call it, once."""
    node.create_subscription(Int64, "topic", callback, 10, callback_group=group)
    node.create_publisher(Int64, "topic", 10).publish(Int64())


def a_raw_message(node: Node, group: ThreadCallbackGroup, callback: Callable[..., Any]) -> None:
    """Have a subscription call it, once, with the message and its info."""

    def with_info(message: bytes, info: Any) -> Any:
        return callback(message)

    node.create_subscription(Int64, "topic", with_info, 10, callback_group=group, raw=True)
    node.create_publisher(Int64, "topic", 10).publish(Int64())


def a_request(node: Node, group: ThreadCallbackGroup, callback: Callable[..., Any]) -> None:
    """Have a service call it, once; what it returns is the response, if anything."""

    def handler(request: Trigger.Request, response: Trigger.Response) -> Any:
        return callback() or response

    node.create_service(Trigger, "service", handler, callback_group=group)
    node.create_client(Trigger, "service").call_async(Trigger.Request())


def a_guard(node: Node, group: ThreadCallbackGroup, callback: Callable[..., Any]) -> None:
    """Have a guard condition call it, once."""
    node.create_guard_condition(callback, group).trigger()


Arrange = Callable[[Node, ThreadCallbackGroup, Callable[..., Any]], None]
of_every_kind = pytest.mark.parametrize(
    "arrange", [a_timer, a_message, a_raw_message, a_request, a_guard]
)
