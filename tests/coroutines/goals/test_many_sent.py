# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# More goals sent at once than a queue holds: each is sent in its turn, and answered.

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from aiorcl._coroutines import line
from tests.support import ends
from tests.support.actions import nothing_is_pending, pending
from tests.support.goals import RESULT, serve
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from rclpy.context import Context

    from tests.support.makers import MakeNode, Run, RunAction

    Client = ActionClient[Any, Any, Any]

DEPTH = 10
MANY = 3 * DEPTH


class Gate:
    """A server that accepts goals, one after the other, when it is open."""

    def __init__(self, node: Node, **options: Any) -> None:
        self.asked: list[int] = []
        self.opens = asyncio.Event()
        self.server = serve(node, self._execute, goal_callback=self._accept, **options)

    async def _accept(self, goal: Fibonacci.Goal) -> GoalResponse:
        self.asked.append(goal.order)
        await self.opens.wait()
        return GoalResponse.ACCEPT

    async def _execute(self, goal: Any) -> Fibonacci.Result:
        return RESULT


def send(client: Client, order: int) -> asyncio.Task[int]:
    """Send a goal, and wait for its end."""

    async def wait() -> int:
        async with aiorcl.goal(client, Fibonacci.Goal(order=order)) as running:
            await running.result()
        return order

    return asyncio.ensure_future(wait())


async def until_sent(count: int, *clients: Client) -> None:
    """Wait until so many goals are sent and not answered; no more follow."""
    while sum(len(client._pending_goal_requests) for client in clients) < count:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await turns()
    assert sum(len(client._pending_goal_requests) for client in clients) == count


@pytest.mark.parametrize("count", [1, 3], ids=["one client", "clients"])
def test_any_number_of_goals_is_accepted(run_action: RunAction, count: int) -> None:
    """Of all clients together no more than the queue holds are sent; in their order."""

    async def test(server: Node, asker: Client) -> None:
        gate = Gate(server)
        node: Any = asker._node
        clients = [ActionClient(node, Fibonacci, "action") for _ in range(count)]
        for client in clients:
            await aiorcl.action_ready(client)
        sending = [send(clients[order % count], order) for order in range(MANY)]
        await until_sent(DEPTH, *clients)
        gate.opens.set()
        assert await asyncio.gather(*sending) == list(range(MANY))
        assert gate.asked == list(range(MANY))
        for client in clients:
            await nothing_is_pending(client)

    run_action(test)


@pytest.mark.parametrize(
    ("profile", "at_once"),
    [
        (QoSProfile(depth=2), 2),
        (QoSProfile(depth=100), MANY),
        (QoSProfile(history=HistoryPolicy.KEEP_ALL), MANY),
    ],
    ids=["shallow", "deep", "all"],
)
def test_the_profile_of_the_client_counts(
    run_action: RunAction, profile: QoSProfile, at_once: int
) -> None:
    """As many are sent as its queue for the answers holds."""

    async def test(server: Node, asker: Client) -> None:
        gate = Gate(server, goal_service_qos_profile=QoSProfile(depth=100))
        node: Any = asker._node
        client = ActionClient(node, Fibonacci, "action", goal_service_qos_profile=profile)
        sending = [send(client, order) for order in range(MANY)]
        await until_sent(at_once, client)
        gate.opens.set()
        assert await asyncio.gather(*sending) == list(range(MANY))

    run_action(test)


def test_goals_that_wait_for_their_turn_are_sent_to_the_next_server(
    run_action: RunAction,
) -> None:
    """Those that were sent are lost with the server; the others are none of its."""

    async def test(server: Node, client: Client) -> None:
        first = Gate(server)
        sending = [send(client, order) for order in range(MANY)]
        await until_sent(DEPTH, client)
        first.server.destroy()
        lost = await asyncio.gather(*sending[:DEPTH], return_exceptions=True)
        assert [type(error) for error in lost] == [aiorcl.GoalLostError] * DEPTH
        Gate(server).opens.set()
        assert await asyncio.gather(*sending[DEPTH:]) == list(range(DEPTH, MANY))

    run_action(test)


def test_a_goal_that_waits_for_its_turn_is_cancelled_at_every_point(run_action: RunAction) -> None:
    """Nothing is left, and the goals behind it are sent."""

    async def test(server: Node, asker: Client) -> None:
        gate = Gate(server)
        gate.opens.set()
        node: Any = asker._node
        one = QoSProfile(depth=1)
        client = ActionClient(node, Fibonacci, "action", goal_service_qos_profile=one)

        async def once() -> None:
            before = send(client, 1)
            await asyncio.sleep(0)
            try:
                async with aiorcl.goal(client, Fibonacci.Goal(order=2)) as running:
                    await running.result()
            finally:
                assert await before == 1
                assert await send(client, 3) == 3

        assert await cancel_everywhere(once, lambda: pending(client)) >= 4

    run_action(test)


@ends.ON_EITHER_THREAD
@pytest.mark.parametrize("way", ends.ENDS)
def test_all_that_wait_hear_of_an_end(
    run: Run, context: Context, make_node: MakeNode, way: str, thread: bool
) -> None:
    """The client, or what serves it, goes away: those that are sent, and those in the line."""
    node, server = make_node(), make_node()
    client = ActionClient(node, Fibonacci, "action")

    async def main() -> None:
        Gate(server)  # on no executor: it never answers
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            sending = [send(client, order) for order in range(MANY)]
            await until_sent(DEPTH, client)
            await ends.end(way, executor, node, client, block=block, thread=thread)
            errors = await asyncio.gather(*sending, return_exceptions=True)
            assert [type(error) for error in errors] == [EntityGoneError] * MANY
            assert len(executor._followers) == 0

    run(main)


def test_goals_that_are_never_answered_lock_nobody_out(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is sent for all that has its answer: the server has taken what came before it."""
    monkeypatch.setattr(line, "LOOK_SEC", 0)

    async def accept(goal: Fibonacci.Goal) -> GoalResponse:
        if goal.order == 0:
            await asyncio.Event().wait()
        return GoalResponse.ACCEPT

    async def execute(goal: Any) -> Fibonacci.Result:
        return RESULT

    async def test(server: Node, asker: Client) -> None:
        at_once = ReentrantCallbackGroup()
        serve(server, execute, goal_callback=accept, callback_group=at_once)
        lost = [send(asker, 0) for _ in range(DEPTH)]
        await until_sent(DEPTH, asker)
        more = [send(asker, order) for order in range(1, MANY)]
        await asyncio.gather(*more)
        assert not any(each.done() for each in lost)
        for each in lost:
            each.cancel()
        await asyncio.wait(lost)

    run_action(test)
