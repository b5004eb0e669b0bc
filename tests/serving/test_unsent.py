# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Responses that the middleware refuses at first, since it has not found the client that listens.

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, _core, action_ready
from aiorcl._serving import unsent
from aiorcl._serving.unsent import UnsentResponses
from tests.support.actions import serve_action
from tests.support.makers import Run

#: Ids of requests: what names the client, and a number.
FIRST, SECOND, OTHER = (
    client + number.to_bytes(8, "little") for client, number in ((b"a", 1), (b"a", 2), (b"b", 1))
)


@pytest.fixture(autouse=True)
def _without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unsent, "FIRST_WAIT_SEC", 0.0)


class Server:
    """Sends what its clients can hear."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.sent: list[str] = []
        self.heard: set[str] = set()
        self.late: list[int] = []
        self.lost: list[int] = []
        self.responses = UnsentResponses(
            lambda count, goes_on: (self.late if goes_on else self.lost).append(count)
        )

    def add(self, request_id: bytes, response: str) -> None:
        """Have a response sent again, which ``heard`` names if it can be sent."""
        self.responses.add(request_id, response, self.send)

    def send(self, response: str) -> bool:
        """Send one, if the client is found."""
        self.tried.append(response)
        if response in self.heard:
            self.sent.append(response)
        return response in self.heard

    async def until(self, done: Callable[[], object]) -> None:
        """Wait for something that comes with an attempt."""
        while not done():  # noqa: ASYNC110
            await asyncio.sleep(0)


def test_a_response_is_sent_when_its_client_is_found(run: Run) -> None:
    """Once, and no attempt follows."""

    async def main() -> None:
        server = Server()
        server.add(FIRST, "a")
        await server.until(lambda: server.tried == ["a"] * 2)
        server.heard.add("a")
        await server.until(lambda: server.sent)
        server.add(OTHER, "b")
        await server.until(lambda: server.lost)
        assert server.sent == ["a"]
        assert server.tried == [*"aaa", *"b" * unsent.ATTEMPTS]

    run(main)


def test_of_one_client_only_the_oldest_response_is_tried(run: Run) -> None:
    """Each attempt may hold up the loop; those to other clients do not wait for it."""

    async def main() -> None:
        server = Server()
        server.heard.update("bc")
        server.add(FIRST, "a")
        server.add(SECOND, "b")
        server.add(OTHER, "c")
        await server.until(lambda: server.tried.count("a") == 3)
        assert server.sent == ["c"]
        server.heard.add("a")
        await server.until(lambda: len(server.sent) == 3)
        assert server.sent == ["c", "a", "b"]
        assert server.tried.count("b") == 1

    run(main)


def test_what_is_given_up_is_told(run: Run) -> None:
    """All that waits for the same client, before too; the next one begins anew."""

    async def main() -> None:
        server = Server()
        server.add(FIRST, "a")
        server.add(SECOND, "b")
        await server.until(lambda: server.lost)
        assert (server.late, server.lost) == ([2], [2])
        assert server.tried == ["a"] * unsent.ATTEMPTS
        server.heard.add("c")
        server.add(FIRST, "c")
        await server.until(lambda: server.sent)
        assert (server.lost, server.sent) == ([2], ["c"])

    run(main)


def test_without_a_loop_a_response_is_given_up() -> None:
    """There is nothing that could send it later."""
    server = Server()
    server.add(FIRST, "a")
    assert (server.lost, server.tried) == ([1], [])


@pytest.mark.parametrize("gone", [InvalidHandle, lambda _: None])
def test_nothing_is_told_when_the_server_is_gone(run: Run, gone: Callable[[str], Any]) -> None:
    """It raises, or nobody holds it."""

    async def main() -> None:
        server = Server()
        tried: list[str] = []

        def send(response: Any) -> bool | None:
            tried.append(response)
            answer = gone("gone")
            if answer is None:
                return None
            raise answer

        server.responses.add(FIRST, "a", send)
        await server.until(lambda: tried)
        server.add(FIRST, "b")
        await server.until(lambda: server.lost)
        assert (tried, server.lost) == (["a"], [1])

    run(main)


def test_a_response_is_sent_as_it_was(run: Run) -> None:
    """A callback may fill one message for every request."""

    async def main() -> None:
        server, sent = Server(), list[str]()
        response = Trigger.Response(message="first")

        def send(response: Any) -> bool:
            sent.append(response.message)
            return True

        server.responses.add(FIRST, response, send)
        response.message = "second"
        await server.until(lambda: sent)
        assert sent == ["first"]

    run(main)


@pytest.fixture
def unheard(lone: Node) -> Any:
    """A client of the service that asks, and whom no response of it can reach."""
    return lone.create_client(Trigger, "service")


async def call_until(client: Any, arrived: Callable[[], object]) -> None:
    """Call until one request arrives: such a client does not see when its server is there."""
    while not arrived():
        client.call_async(Trigger.Request())
        await asyncio.sleep(0.01)


@pytest.mark.middleware_lacks(rmw_cyclonedds_cpp="matches both ways of a service, or none")
@pytest.mark.parametrize("is_coroutine", [False, True])
def test_a_client_that_cannot_be_reached_is_told_of(
    run: Run, context: Context, lone: Node, unheard: Any, capfd: Any, is_coroutine: bool
) -> None:
    """By the log of the node of the server, after so many attempts."""
    best_effort = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
    called = Counter[str]()

    def answer(_: Any, response: Any) -> Any:
        called["plain"] += 1
        return response

    async def answer_later(request: Any, response: Any) -> Any:
        return answer(request, response)

    callback: Any = answer_later if is_coroutine else answer
    lone.create_service(Trigger, "service", callback, qos_profile=best_effort)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await call_until(unheard, lambda: called)
            said = ""
            while not said:
                said = capfd.readouterr().err
                await asyncio.sleep(0)
            assert "Service '/service' cannot send" in said

    run(main)


def test_the_answers_of_an_action_server_are_sent_again(
    run: Run, context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To a goal, to a cancellation, and the result: nobody else would send them."""
    send, refused = _core.send_action_response, Counter[int]()

    def refuse_at_first(request: int, *args: Any) -> bool:
        refused[request] += 1
        return refused[request] > 2 and send(request, *args)

    monkeypatch.setattr(_core, "send_action_response", refuse_at_first)
    serve_action(lone)
    client: Any = ActionClient(lone, Fibonacci, "action")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await action_ready(client)
            goal = await client.send_goal_async(Fibonacci.Goal(order=0))
            assert (await goal.cancel_goal_async()).goals_canceling
            assert (await goal.get_result_async()).status == GoalStatus.STATUS_CANCELED

    run(main)
    assert list(refused.values()) == [3, 3, 3]
