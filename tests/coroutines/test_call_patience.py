# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Calls that wait for room do not wait for ever for what nobody brings.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from test_msgs.srv import BasicTypes

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._coroutines import line

if TYPE_CHECKING:
    from tests.support.makers import Run

DEPTH = 10  # of the queue of a client, and of the service


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at once."""
    monkeypatch.setattr(line, "_LOOK_SEC", 0)


def test_what_was_given_up_holds_up_nobody_for_ever(run: Run, context: Context, lone: Node) -> None:
    """Behind a call that is never answered, and that so many others were sent after."""
    asked = 0
    all_asked = asyncio.Event()

    async def serve(
        request: BasicTypes.Request, response: BasicTypes.Response
    ) -> BasicTypes.Response:
        nonlocal asked
        if request.bool_value:
            asked += 1
            if asked == DEPTH:
                all_asked.set()
            await asyncio.Event().wait()
        return response

    lone.create_service(BasicTypes, "service", serve, callback_group=ReentrantCallbackGroup())
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for_ever = BasicTypes.Request(bool_value=True)
            calls = [asyncio.ensure_future(aiorcl.call(client, for_ever)) for _ in range(DEPTH)]
            await all_asked.wait()
            for call in calls[1:]:
                call.cancel()
            await aiorcl.call(client, BasicTypes.Request())
            calls[0].cancel()

    run(main)


def test_calls_that_wait_for_each_other(run: Run, context: Context, lone: Node) -> None:
    """A service that asks itself, by a client of each call, deeper than a queue is."""

    async def serve(
        request: BasicTypes.Request, response: BasicTypes.Response
    ) -> BasicTypes.Response:
        response.int64_value = request.int64_value
        if request.int64_value < 2 * DEPTH:
            inner = lone.create_client(BasicTypes, "service")
            number = request.int64_value + 1
            answer = await aiorcl.call(inner, BasicTypes.Request(int64_value=number))
            response.int64_value = answer.int64_value
        return response

    lone.create_service(BasicTypes, "service", serve, callback_group=ReentrantCallbackGroup())
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            answer = await aiorcl.call(client, BasicTypes.Request(int64_value=0))
            assert answer.int64_value == 2 * DEPTH

    run(main)
