# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# aiorcl.call: what it waits for, and that it leaves nothing.

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import rclpy.exceptions
from rclpy.client import Client
from rclpy.context import Context
from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import ends
from tests.support.counters import Holdings
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

YES = SetBool.Request(data=True)
ENDS = (rclpy.exceptions.InvalidHandle, aiorcl.EntityGoneError)


def echo(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
    """Answer with what was asked."""
    response.success = request.data
    return response


@pytest.fixture
def client(lone: Node) -> Client[Any, Any]:
    """A client of ``lone``."""
    return lone.create_client(SetBool, "service")


def test_a_call_waits_for_its_server(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """It may be made before there is one; and after that it is a call like any other."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            calling = asyncio.ensure_future(aiorcl.call(client, YES))
            await turns()
            assert not calling.done()
            lone.create_service(SetBool, "service", echo)
            assert (await calling).success is True
            assert (await aiorcl.call(client, SetBool.Request(data=False))).success is False

    run(main)


def notes_of(error: BaseException) -> list[str]:
    """Return what the cancellation that a timeout was made of has been told on its way."""
    return list(getattr(error.__cause__, "__notes__", ()))


def test_a_timeout_ends_a_call(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """``asyncio.timeout`` is the timeout: without a server, and with one that does not answer."""
    timeouts: list[asyncio.Timeout] = []

    async def never(_: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        timeouts[0].reschedule(0)
        await asyncio.Event().wait()
        return response

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            with pytest.raises(TimeoutError) as without:
                async with asyncio.timeout(0.01):
                    await aiorcl.call(client, YES)
            assert notes_of(without.value) == ["Client 'service': what was waited for is not there"]
            first = asyncio.ensure_future(aiorcl.call(client, YES))
            await turns()
            with pytest.raises(TimeoutError) as waiting:
                async with asyncio.timeout(0.01):
                    await aiorcl.call(client, YES)
            text = "Client 'service' has not sent its request yet, and its server is not there"
            assert notes_of(waiting.value) == [text]
            first.cancel()
            lone.create_service(SetBool, "service", never)
            timeouts.append(asyncio.timeout(None))
            with pytest.raises(TimeoutError) as unanswered:
                async with timeouts[0]:
                    await aiorcl.call(client, YES)
            text = "Client 'service' has sent its request, and its server is there"
            assert notes_of(unanswered.value) == [text]
            assert client._pending_requests == {}

    run(main)


def test_a_call_is_cancelled_at_every_point(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """Before the server is there, before the answer is, and when it has just come."""

    async def once() -> None:
        servers: list[Any] = []
        later = asyncio.get_running_loop().call_soon(
            lambda: servers.append(lone.create_service(SetBool, "service", echo))
        )
        try:
            assert (await aiorcl.call(client, YES)).success is True
        finally:
            later.cancel()
            for each in servers:
                lone.destroy_service(each)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            def left() -> object:
                return (
                    len(client._pending_requests),
                    len(executor._followers),
                    Holdings.now().threads,
                )

            def begins_when() -> bool:
                return not client.service_is_ready()

            assert await cancel_everywhere(once, left, begins_when=begins_when) >= 4

    run(main)


@ends.ON_EITHER_THREAD
@pytest.mark.parametrize("way", ends.ENDS)
def test_a_call_ends_when_no_answer_can_come(
    run: Run, context: Context, make_node: MakeNode, way: str, thread: bool
) -> None:
    """The client or what serves it goes away after the request was sent: an error says it."""
    node, server = make_node(), make_node()
    client = node.create_client(SetBool, "service")
    server.create_service(SetBool, "service", echo)  # on no executor: it never answers

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            calling = asyncio.ensure_future(aiorcl.call(client, YES))
            while not client._pending_requests:  # noqa: ASYNC110
                await asyncio.sleep(0)
            await ends.end(way, executor, node, client, block=block, thread=thread)
            with pytest.raises(aiorcl.EntityGoneError):
                await calling
            assert client._pending_requests == {}
            assert len(executor._followers) == 0

    run(main)


def test_a_coroutine_that_is_cancelled_may_still_call(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """Responses are taken while the executor ends: a last call is answered."""
    node, server = make_node(), make_node()
    client = node.create_client(SetBool, "service")
    server.create_service(SetBool, "service", echo)
    answers: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            answers.append((await aiorcl.call(client, YES)).success)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as other:
            other.add_node(server)
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(node)
                executor.create_task(work)
                await turns()
        assert answers == [True]

    run(main)


def test_a_wrong_call_is_refused_at_once(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """A request of another type, and a client that nobody serves."""

    async def main() -> None:
        with pytest.raises(RuntimeError, match="add_node"):
            await aiorcl.call(client, YES)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            with pytest.raises(TypeError, match="'service'"):
                await aiorcl.call(client, Trigger.Request())

    run(main)
