# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Requests of a service as an async iterator: each wants one response, in any order.

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from test_msgs.srv import BasicTypes

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import ends
from tests.support.elsewhere import call_elsewhere
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from rclpy.client import Client

    from tests.support.makers import MakeNode, Run


def ask(client: Client[Any, Any], number: int) -> asyncio.Task[int]:
    """Call with a number that the answer repeats."""

    async def answer() -> int:
        response = await aiorcl.call(client, BasicTypes.Request(int64_value=number))
        return int(response.int64_value)

    return asyncio.ensure_future(answer())


def stream_of(node: Node) -> aiorcl.RequestStream[Any, Any]:
    """Make the stream that the clients of these tests ask."""
    return aiorcl.requests(node, BasicTypes, "service")


def services(node: Node) -> int:
    """Count those that streams have made."""
    return [service.service_name for service in node.services].count("/service")


def repeat(asked: Any) -> None:
    """Respond with the number that came."""
    asked.response.int64_value = asked.request.int64_value
    asked.respond()


def test_requests_are_answered_in_any_order(run: Run, context: Context, lone: Node) -> None:
    """By the response that comes with them, or another one; on this thread or another."""
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with stream_of(lone) as stream:
                assert stream.service in lone.services
                asking = [ask(client, number) for number in range(3)]
                came = [await anext(stream) for _ in asking]
                assert [asked.request.int64_value for asked in came] == [0, 1, 2]
                repeat(came[2])
                assert await asking[2] == 2
                call_elsewhere(lambda: repeat(came[1]))
                assert await asking[1] == 1
                came[0].respond(BasicTypes.Response(int64_value=7))
                assert await asking[0] == 7
            assert services(lone) == 0

    run(main)


def test_a_response_is_sent_as_it_is(run: Run, context: Context, lone: Node) -> None:
    """At the call: the stream may end after it, and one object be filled for the next request."""
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            response = BasicTypes.Response()
            async with stream_of(lone) as stream:
                asking = [ask(client, number) for number in range(4)]
                while len(stream._opened()._items) < 4:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                for number in range(4):
                    asked = await anext(stream)
                    response.int64_value = 10 + number
                    if number == 1:
                        call_elsewhere(lambda: asked.respond(response))  # noqa: B023
                        await turns()
                    else:
                        asked.respond(response)
            response.int64_value = 0
            assert await asyncio.gather(*asking) == [10, 11, 12, 13]

    run(main)


def test_a_wrong_response_is_refused_where_it_is_given(
    run: Run, context: Context, lone: Node
) -> None:
    """And the right one may follow, once."""
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with stream_of(lone) as stream:
                asking = ask(client, 3)
                asked = await anext(stream)
                with pytest.raises(TypeError, match="A response of 'service' is expected"):
                    asked.respond(BasicTypes.Request())
                asked.response._int64_value = "three"
                with pytest.raises(TypeError, match="int64_value: expected int, got str"):
                    asked.respond()
                asked.response = "three"
                with pytest.raises(TypeError, match="of type test_msgs"):
                    asked.respond()
                asked.response = BasicTypes.Response()
                repeat(asked)
                assert await asking == 3
                with pytest.raises(RuntimeError, match="has its response already"):
                    asked.respond()

    run(main)


def test_a_request_that_is_dropped_is_named(
    run: Run, context: Context, lone: Node, capfd: pytest.CaptureFixture[str]
) -> None:
    """In the log; the others are answered."""
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with stream_of(lone) as stream:
                forgotten = ask(client, 1)
                await anext(stream)
                gc.collect()
                await turns()
                assert "A request to 'service' was dropped" in capfd.readouterr().err
                asking = ask(client, 2)
                repeat(await anext(stream))
                assert await asking == 2
                assert not forgotten.done()
                forgotten.cancel()

    run(main)
    assert capfd.readouterr().err == ""


@ends.ON_EITHER_THREAD
@pytest.mark.parametrize("way", ["close", *ends.ENDS])
def test_the_end_of_a_stream_is_the_end_of_its_requests(
    *, run: Run, context: Context, make_node: MakeNode, way: str, thread: bool,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Those that wait, and those that were taken; nothing is told of it."""
    node, other = make_node(), make_node()
    client = other.create_client(BasicTypes, "service")

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block, AsyncioExecutor(context=context) as others:
            others.add_node(other)
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            async with stream_of(node) as stream:
                asking = [ask(client, number) for number in range(3)]
                asked = await anext(stream)
                while len(stream._opened()._items) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                entity = stream if way == "close" else stream.service
                await ends.end(way, executor, node, entity, block=block, thread=thread)
                left = [asked.request.int64_value async for asked in stream]
                assert left == ([] if way == "close" else [1, 2])
                with pytest.raises(aiorcl.EntityGoneError):
                    asked.respond()
            for each in asking:
                each.cancel()
            await asyncio.wait(asking)

    run(main)
    assert capfd.readouterr().err == ""


def test_a_stream_that_nobody_holds_has_no_service(run: Run, context: Context, lone: Node) -> None:
    """``break`` is enough; a request that was taken before can have no response."""
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            asking = ask(client, 1)

            async def first() -> tuple[Any, weakref.ref[Any]]:
                stream = stream_of(lone)
                async for asked in stream:
                    return asked, weakref.ref(stream)
                raise AssertionError

            asked, stream = await first()
            gc.collect()
            assert stream() is None
            assert services(lone) == 0
            with pytest.raises(aiorcl.EntityGoneError, match="closed"):
                asked.respond()
            asking.cancel()

    run(main)


def test_whoever_waits_can_be_cancelled_anywhere(
    run: Run, context: Context, lone: Node, make_node: MakeNode
) -> None:
    """And the service is gone."""
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            async def once() -> None:
                async with stream_of(lone) as stream:
                    asking = ask(client, 1)
                    try:
                        repeat(await anext(stream))
                        await asking
                    finally:
                        asking.cancel()

            cancelled = await cancel_everywhere(
                once, lambda: services(lone), begins_when=lambda: not client.service_is_ready()
            )
            assert cancelled >= 2

    run(main)


def test_wrong_arguments_are_refused(lone: Node) -> None:
    """With what to write."""
    wrong: Any = aiorcl.requests
    with pytest.raises(TypeError, match="takes a node"):
        wrong("node", BasicTypes, "service")
    with pytest.raises(TypeError, match="takes a service class, such as std_srvs"):
        wrong(lone, BasicTypes.Request, "service")
    with pytest.raises(TypeError, match="the name of a service"):
        wrong(lone, BasicTypes, 3)
    with pytest.raises(TypeError, match="a QoSProfile"):
        wrong(lone, BasicTypes, "service", qos_profile=10)
    stream = wrong(lone, BasicTypes, "service")
    assert repr(stream) == "<RequestStream of 'service'>"
    with pytest.raises(RuntimeError, match="not open yet"):
        _ = stream.service


def test_nobody_asks_a_stream_that_has_ended(run: Run, context: Context, lone: Node) -> None:
    """It is held, and its node is served again: its service is gone, so that clients wait."""
    client = lone.create_client(BasicTypes, "service")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with stream_of(lone) as stream:
                await aiorcl.service_ready(client)
                executor.remove_node(lone)
                assert [asked async for asked in stream] == []
                executor.add_node(lone)
                assert services(lone) == 0
                async with stream_of(lone) as another:
                    asking = ask(client, 7)
                    repeat(await anext(another))
                    assert await asking == 7

    run(main)
