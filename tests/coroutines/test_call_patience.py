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
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEPTH = 10  # of the queue of a client, and of the service


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at once."""
    monkeypatch.setattr(line, "LOOK_SEC", 0)


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


@pytest.mark.parametrize("lost", [DEPTH, DEPTH + 1])
def test_what_a_callback_has_lost_locks_nobody_out(
    run: Run, context: Context, lone: Node, capfd: pytest.CaptureFixture[str], lost: int
) -> None:
    """It raises, and goes on: others are answered; the log says once what stood in their way."""
    told: list[BaseException] = []

    def serve(request: BasicTypes.Request, response: BasicTypes.Response) -> BasicTypes.Response:
        if request.bool_value:
            raise ValueError
        return response

    lone.create_service(BasicTypes, "service", serve)
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(
            context=context, on_error=lambda error, _: told.append(error)
        ) as executor:
            executor.add_node(lone)
            bad = BasicTypes.Request(bool_value=True)
            calls = [asyncio.ensure_future(aiorcl.call(client, bad)) for _ in range(lost)]
            while len(told) < lost:  # noqa: ASYNC110
                await asyncio.sleep(0)
            for _ in range(2 * DEPTH):
                await aiorcl.call(client, BasicTypes.Request())
            assert not any(call.done() for call in calls)
            for call in calls:
                call.cancel()

    run(main)
    lines = [line for line in capfd.readouterr().err.splitlines() if "wait for room" in line]
    assert len(lines) == 1
    assert f"Calls of '/service' wait for room: {DEPTH} were sent" in lines[0]


def test_what_a_server_took_with_it_locks_nobody_out(
    run: Run, context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next server has none of it, so that nobody waits for room."""
    monkeypatch.setattr(line, "LOOK_SEC", 3600)
    node, other = make_node(), make_node()
    client = node.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            gone = other.create_service(BasicTypes, "service", lambda _, response: response)
            for_ever = BasicTypes.Request()
            calls = [asyncio.ensure_future(aiorcl.call(client, for_ever)) for _ in range(DEPTH)]
            while len(client._pending_requests) < DEPTH:  # noqa: ASYNC110
                await asyncio.sleep(0)
            other.destroy_service(gone)
            while client.service_is_ready():  # noqa: ASYNC110
                await asyncio.sleep(0)
            more = [asyncio.ensure_future(aiorcl.call(client, for_ever)) for _ in range(DEPTH)]
            await turns()
            node.create_service(BasicTypes, "service", lambda _, response: response)
            await asyncio.gather(*more)
            assert not any(call.done() for call in calls)
            for call in calls:
                call.cancel()

    run(main)


def test_a_slow_server_is_asked_for_one_answer_more_than_it_has_room_for(
    run: Run, context: Context, lone: Node
) -> None:
    """Which it has, as it has begun with the first one: none is lost."""
    got: list[int] = []
    opens = asyncio.Event()

    async def serve(
        request: BasicTypes.Request, response: BasicTypes.Response
    ) -> BasicTypes.Response:
        got.append(request.int64_value)
        await opens.wait()
        return response

    lone.create_service(BasicTypes, "service", serve)
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            calls = [
                asyncio.ensure_future(aiorcl.call(client, BasicTypes.Request(int64_value=number)))
                for number in range(2 * DEPTH)
            ]
            while len(client._pending_requests) <= DEPTH:  # noqa: ASYNC110
                await asyncio.sleep(0)
            opens.set()
            await asyncio.gather(*calls)
            assert got == list(range(2 * DEPTH))

    run(main)
