# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Many calls of one client at once: none is lost, each is sent in its turn, and all hear of an end.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.client import Client
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from test_msgs.srv import BasicTypes

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import ends
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEPTH = 10  # of a service's queue, unless its profile says otherwise


class Server:
    """A service that notes in which order requests come, and answers when it is opened.

    One after the other, or all at once in a reentrant group; those below 0 it answers at once.
    """

    def __init__(self, node: Node, qos_profile: QoSProfile | None = None, **options: Any) -> None:
        self.got: list[int] = []
        self.open = asyncio.Event()
        if qos_profile is not None:
            options["qos_profile"] = qos_profile
        self.service = node.create_service(BasicTypes, "service", self._serve, **options)

    async def _serve(
        self, request: BasicTypes.Request, response: BasicTypes.Response
    ) -> BasicTypes.Response:
        self.got.append(request.int64_value)
        if request.int64_value >= 0:
            await self.open.wait()
        response.int64_value = request.int64_value
        return response


def ask(client: Client[Any, Any], number: int) -> asyncio.Task[int]:
    """Call with a number that the answer repeats."""

    async def answer() -> int:
        response = await aiorcl.call(client, BasicTypes.Request(int64_value=number))
        return int(response.int64_value)

    return asyncio.ensure_future(answer())


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until it is so."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0)


@pytest.fixture
def client(lone: Node) -> Client[Any, Any]:
    """A client of ``lone``."""
    return lone.create_client(BasicTypes, "service")


def test_any_number_of_calls_is_answered(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """Ten times as many as the service's queue holds, while it serves nobody; and in order."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            asking = [ask(client, number) for number in range(10 * DEPTH)]
            await until(lambda: len(client._pending_requests) == DEPTH)
            await turns(20)
            assert len(client._pending_requests) == DEPTH
            server.open.set()
            assert await asyncio.gather(*asking) == list(range(10 * DEPTH))
            assert server.got == list(range(10 * DEPTH))
            assert client._pending_requests == {}

    run(main)


def test_calls_are_sent_in_order_when_their_server_comes(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """All of them wait for it, and no call overtakes another."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            asking = [ask(client, number) for number in range(2 * DEPTH)]
            await turns()
            server = Server(lone)
            server.open.set()
            await asyncio.gather(*asking)
            assert server.got == list(range(2 * DEPTH))

    run(main)


@pytest.mark.parametrize("depth", [1, 3])
def test_the_depth_of_the_client_counts(run: Run, context: Context, lone: Node, depth: int) -> None:
    """Its own profile says how many are under way."""
    client = lone.create_client(BasicTypes, "service", qos_profile=QoSProfile(depth=depth))

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            asking = [ask(client, number) for number in range(5)]
            await until(lambda: len(client._pending_requests) == depth)
            await turns(20)
            assert len(client._pending_requests) == depth
            server.open.set()
            assert await asyncio.gather(*asking) == list(range(5))

    run(main)


def test_a_client_that_keeps_all_has_no_limit(run: Run, context: Context, lone: Node) -> None:
    """Nothing waits where nothing can be lost."""
    keep_all = QoSProfile(history=HistoryPolicy.KEEP_ALL)
    client = lone.create_client(BasicTypes, "service", qos_profile=keep_all)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone, keep_all)
            asking = [ask(client, number) for number in range(2 * DEPTH)]
            await until(lambda: len(client._pending_requests) == 2 * DEPTH)
            server.open.set()
            assert await asyncio.gather(*asking) == list(range(2 * DEPTH))

    run(main)


def test_requests_by_call_async_count_but_block_nobody(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """Their place is taken, as far as it is known; the last place is kept for ``aiorcl.call``."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            await aiorcl.service_ready(client)
            for _ in range(DEPTH - 1):
                client.call_async(BasicTypes.Request())
            asking = [ask(client, number) for number in range(3)]
            await turns(20)
            assert len(client._pending_requests) == DEPTH
            server.open.set()
            assert await asyncio.gather(*asking) == [0, 1, 2]

    run(main)


def test_a_request_of_call_async_that_is_answered_leaves_its_place(
    run: Run, context: Context, lone: Node
) -> None:
    """While the call that had the last place waits on, the next one is sent."""
    client = lone.create_client(BasicTypes, "service", qos_profile=QoSProfile(depth=3))

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            await aiorcl.service_ready(client)
            quick = [client.call_async(BasicTypes.Request(int64_value=-1)) for _ in range(2)]
            asking = [ask(client, number) for number in range(2)]
            await asyncio.gather(*quick)
            await until(lambda: len(client._pending_requests) == 2)
            server.open.set()
            assert await asyncio.gather(*asking) == [0, 1]

    run(main)


def test_a_cancelled_request_keeps_its_place(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """It lies in the queue of the service, where another would push out those of others."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            patient = [ask(client, number) for number in range(DEPTH // 2)]
            await until(lambda: len(server.got) == 1)
            hasty = [ask(client, number) for number in range(DEPTH // 2 - 1)]
            await until(lambda: len(client._pending_requests) == DEPTH - 1)
            forgotten = client.call_async(BasicTypes.Request())
            forgotten.cancel()
            for each in hasty:
                each.cancel()
            more = [ask(client, number) for number in range(DEPTH)]
            await turns(20)
            assert len(client._pending_requests) == DEPTH // 2
            server.open.set()
            assert await asyncio.gather(*patient) == list(range(DEPTH // 2))
            assert await asyncio.gather(*more) == list(range(DEPTH))

    run(main)


def test_cancelled_requests_hold_up_nobody(run: Run, context: Context, make_node: MakeNode) -> None:
    """The service never answers: what nobody waits for any more has no place."""
    node, server = make_node(), make_node()
    client = node.create_client(BasicTypes, "service", qos_profile=QoSProfile(depth=2))

    async def main() -> None:
        Server(server)  # on no executor
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            for _ in range(4):
                asking = [ask(client, number) for number in range(2)]
                await until(lambda: len(client._pending_requests) == 2)
                for each in asking:
                    each.cancel()
                await asyncio.wait(asking)

    run(main)


@pytest.mark.parametrize(("clients", "calls"), [(12, 1), (2, 10)])
def test_the_clients_of_a_service_share_its_queue(
    run: Run, context: Context, lone: Node, clients: int, calls: int
) -> None:
    """Also where all are answered in one turn of the loop: each gets the responses to all."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone, callback_group=ReentrantCallbackGroup())
            asking = [
                ask(client, number)
                for client in [lone.create_client(BasicTypes, "service") for _ in range(clients)]
                for number in range(calls)
            ]
            await until(lambda: len(server.got) == DEPTH)
            await turns(20)
            assert len(server.got) == DEPTH
            server.open.set()
            assert await asyncio.gather(*asking) == list(range(calls)) * clients

    run(main)


def test_a_client_without_a_server_holds_up_no_other(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """Of the same service, with which its QoS profile does not match."""
    wants_more = QoSProfile(depth=DEPTH, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    lonely = lone.create_client(BasicTypes, "service", qos_profile=wants_more)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            server.open.set()
            waiting = [ask(lonely, number) for number in range(DEPTH)]
            await turns()
            assert await asyncio.gather(*(ask(client, number) for number in range(3))) == [0, 1, 2]
            lone.destroy_client(lonely)
            errors = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(error) for error in errors} == {aiorcl.EntityGoneError}

    run(main)


def test_who_waits_for_a_turn_can_be_cancelled(
    run: Run, context: Context, lone: Node, client: Client[Any, Any]
) -> None:
    """It leaves its place, whether the turn has not come or just has, to the next in order."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            first = [ask(client, number) for number in range(DEPTH)]
            await until(lambda: len(server.got) == 1)
            waiting = [ask(client, number) for number in range(DEPTH, DEPTH + 4)]
            await turns()
            waiting[0].cancel()  # before its turn
            first[0].add_done_callback(lambda _: waiting[1].cancel())  # with it
            first[0].cancel()
            server.open.set()
            assert await asyncio.gather(*first[1:]) == list(range(1, DEPTH))
            assert await asyncio.gather(*waiting[2:]) == [DEPTH + 2, DEPTH + 3]
            assert waiting[0].cancelled()
            assert waiting[1].cancelled()
            assert DEPTH not in server.got
            assert await ask(client, -1) == -1

    run(main)


def test_a_call_that_waits_is_cancelled_at_every_point(
    run: Run, context: Context, lone: Node
) -> None:
    """Nothing is left, and the calls behind it are answered."""
    client = lone.create_client(BasicTypes, "service", qos_profile=QoSProfile(depth=1))

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = Server(lone)
            server.open.set()

            async def once() -> None:
                before = ask(client, 1)
                await asyncio.sleep(0)
                try:
                    await aiorcl.call(client, BasicTypes.Request())
                finally:
                    assert await before == 1
                    assert await ask(client, 2) == 2

            def left() -> object:
                return len(client._pending_requests), len(executor._followers)

            assert await cancel_everywhere(once, left) >= 3

    run(main)


@ends.ON_EITHER_THREAD
@pytest.mark.parametrize("way", ends.ENDS)
def test_all_that_wait_hear_of_an_end(
    run: Run, context: Context, make_node: MakeNode, way: str, thread: bool
) -> None:
    """The client, or what serves it, goes away: those under way and those in the queue are told."""
    node, server = make_node(), make_node()
    client = node.create_client(BasicTypes, "service")

    async def main() -> None:
        Server(server)  # on no executor: it never answers
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            asking = [ask(client, number) for number in range(2 * DEPTH)]
            await until(lambda: len(client._pending_requests) == DEPTH)
            await ends.end(way, executor, node, client, block=block, thread=thread)
            errors = await asyncio.gather(*asking, return_exceptions=True)
            assert [type(error) for error in errors] == [aiorcl.EntityGoneError] * len(errors)
            assert client._pending_requests == {}
            assert len(executor._followers) == 0

    run(main)


def test_a_turn_that_comes_with_the_end_is_none(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """The executor is shut down between the turn of a call and its step: it is told, too."""
    node, server = make_node(), make_node()
    client = node.create_client(BasicTypes, "service")

    async def main() -> None:
        Server(server)  # on no executor: it never answers
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)

            async def ask_and_end() -> None:
                try:
                    await aiorcl.call(client, BasicTypes.Request())
                finally:
                    executor.shutdown()

            asking = [asyncio.ensure_future(ask_and_end()) for _ in range(DEPTH + 1)]
            await until(lambda: len(client._pending_requests) == DEPTH)
            asking[0].cancel()
            _, *errors = await asyncio.gather(*asking, return_exceptions=True)
            assert [type(error) for error in errors] == [aiorcl.EntityGoneError] * DEPTH

    run(main)


def test_a_client_that_moves_is_not_held_up_by_its_past(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """Calls of the executor that it left do not count on the next one, which has another loop."""
    node = make_node()
    client = node.create_client(BasicTypes, "service")
    executors = []
    for _ in range(2):

        async def main() -> None:
            async with AsyncioExecutor(context=context) as executor:
                executors.append(executor)
                executor.add_node(node)
                server = Server(node)
                asking = [ask(client, number) for number in range(2 * DEPTH)]
                await until(lambda: len(client._pending_requests) == DEPTH)
                if len(executors) == 1:
                    return  # with all that is under way
                server.open.set()
                assert await asyncio.gather(*asking) == list(range(2 * DEPTH))
            node.destroy_service(server.service)

        run(main)
        executors[-1].remove_node(node)


def test_too_many_requests_of_call_async_are_told_of_once(
    run: Run, context: Context, lone: Node, client: Client[Any, Any], capfd: Any
) -> None:
    """The log says how many, how many fit, and what to write instead."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            Server(lone)
            await aiorcl.service_ready(client)
            for _ in range(DEPTH):
                client.call_async(BasicTypes.Request())
            assert "aiorcl.call" not in capfd.readouterr().err
            for _ in range(DEPTH):
                client.call_async(BasicTypes.Request())
            lines = [line for line in capfd.readouterr().err.splitlines() if "aiorcl.call" in line]
            assert len(lines) == 1
            assert f"{DEPTH + 1} requests to '/service'" in lines[0]
            assert f"hold {DEPTH}" in lines[0]

    run(main)
