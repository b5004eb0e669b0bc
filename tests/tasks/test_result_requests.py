# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Results of goals that end together: what a full queue has lost is asked for again.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.context import Context
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._tasks.action_requests import result_requests
from tests.support.actions import DEEP, nothing_is_pending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rclpy.node import Node

    from tests.support.makers import MakeNode, Run

    Client = ActionClient[Any, Any, Any]

MANY = 15  # more than a queue holds


class Gate:
    """A server whose goals end when it is opened; it takes any number of requests for results.

    :param early: it tells of their ends before that.
    """

    def __init__(self, node: Node, *, early: bool) -> None:
        self.opens = asyncio.Event()
        self._early = early
        self._server = ActionServer(node, Fibonacci, "action", self._execute, **DEEP)

    async def _execute(self, goal: Any) -> Fibonacci.Result:
        if self._early:
            goal.succeed()
        await self.opens.wait()
        if not self._early:
            goal.succeed()
        return Fibonacci.Result(sequence=[goal.request.order])

    async def asked(self, count: int) -> None:
        """Wait until it was asked for a result so often."""
        futures = self._server._result_futures
        while sum(len(each._callbacks) for each in futures.values()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def result_of(client: Client, order: int) -> tuple[int, list[int]]:
    """Send a goal by rclpy's methods and return its status and result."""
    handle = await client.send_goal_async(Fibonacci.Goal(order=order))
    assert handle is not None
    response: Any = await handle.get_result_async()
    return response.status, list(response.result.sequence)


@pytest.fixture
def run_gate(run: Run, context: Context, make_node: MakeNode) -> Callable[..., None]:
    """Run a test with a server, and clients of it."""

    def run_it(test: Callable[..., Awaitable[None]], *, early: bool, clients: int = 1) -> None:
        async def main() -> None:
            server, asker = make_node(), make_node()
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(server)
                executor.add_node(asker)
                gate = Gate(server, early=early)
                made = [ActionClient(asker, Fibonacci, "action") for _ in range(clients)]
                for client in made:
                    await aiorcl.action_ready(client)
                await test(gate, *made)

        run(main)

    return run_it


@pytest.mark.parametrize("count", [1, MANY], ids=["one client", "many clients"])
def test_results_that_come_together_all_arrive(run_gate: Callable[..., None], count: int) -> None:
    """Of one client; and of several, which on some middlewares share a topic of responses."""

    async def test(gate: Gate, *clients: Client) -> None:
        asking = []
        for order in range(MANY):
            asking.append(asyncio.ensure_future(result_of(clients[order % count], order)))
            await gate.asked(order + 1)
        gate.opens.set()
        expected = [(GoalStatus.STATUS_SUCCEEDED, [order]) for order in range(MANY)]
        assert await asyncio.gather(*asking) == expected
        for client in clients:
            await nothing_is_pending(client)

    run_gate(test, early=False, clients=count)


def test_a_result_that_was_asked_for_several_times_comes_once(
    run_gate: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """A server tells of the end long before it gives the result: nothing is unexpected."""
    monkeypatch.setattr(result_requests, "FIRST_WAIT_SEC", 0)

    async def test(gate: Gate, client: Client) -> None:
        result = asyncio.ensure_future(result_of(client, 1))
        await gate.asked(5)
        gate.opens.set()
        assert await result == (GoalStatus.STATUS_SUCCEEDED, [1])
        await nothing_is_pending(client)
        assert await result_of(client, 2) == (GoalStatus.STATUS_SUCCEEDED, [2])  # behind the others

    run_gate(test, early=True)
    assert "unexpected" not in capfd.readouterr().err


def test_a_result_that_is_asked_for_after_the_end_is_asked_for_again(
    run_gate: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has told of the end before that, and tells no more."""
    monkeypatch.setattr(result_requests, "FIRST_WAIT_SEC", 0)

    async def test(gate: Gate, client: Client) -> None:
        handle: Any = await client.send_goal_async(Fibonacci.Goal(order=1))
        while handle.status != GoalStatus.STATUS_SUCCEEDED:  # noqa: ASYNC110
            await asyncio.sleep(0)
        result = handle.get_result_async()
        await gate.asked(3)
        gate.opens.set()
        assert (await result).status == GoalStatus.STATUS_SUCCEEDED

    run_gate(test, early=True)


def test_a_result_that_nobody_wants_is_asked_for_no_more(
    run_gate: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its future is cancelled: nothing of the requests is left."""
    monkeypatch.setattr(result_requests, "FIRST_WAIT_SEC", 0)

    async def test(gate: Gate, client: Client) -> None:
        handle: Any = await client.send_goal_async(Fibonacci.Goal())
        result = handle.get_result_async()
        await gate.asked(3)
        result.cancel()
        await nothing_is_pending(client)

    run_gate(test, early=True)
