# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# More goals cancelled at once than a queue holds: each cancellation arrives, and is answered.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl._tasks.action_requests import cancel_requests
from tests.support.actions import nothing_is_pending
from tests.support.goals import AT_ONCE, serve, wait_for_ever

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.support.makers import RunAction

    Client = ActionClient[Any, Any, Any]

MANY = 15
EVER = 3600.0


class Running:
    """A server whose goals run until they are cancelled."""

    def __init__(self, node: Node, **options: Any) -> None:
        self.now: set[int] = set()
        self._changed = asyncio.Condition()
        serve(node, self._execute, **options)

    async def _execute(self, goal: Any) -> None:
        async with self._changed:
            self.now.add(goal.request.order)
            self._changed.notify_all()
        try:
            await asyncio.Event().wait()
        finally:
            self.now.discard(goal.request.order)
            async with self._changed:
                self._changed.notify_all()

    async def are(self, count: int) -> None:
        """Wait until so many run."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.now) == count)


async def block(client: Client, order: int) -> None:
    """Wait in a block for the end."""
    async with aiorcl.goal(client, Fibonacci.Goal(order=order)) as running:
        await running.result()


async def request(client: Client, order: int) -> None:
    """Cancel a goal oneself, when the task is cancelled."""
    async with aiorcl.goal(client, Fibonacci.Goal(order=order)) as running:
        try:
            await asyncio.Event().wait()
        finally:
            assert await running.cancel()


async def result(client: Client, order: int) -> None:
    """Wait for the end by rclpy's methods."""
    handle: Any = await client.send_goal_async(Fibonacci.Goal(order=order))
    await handle.get_result_async()


WAYS = pytest.mark.parametrize("wait", [block, request, result])


async def cancel_all(
    server: Node, clients: list[Client], wait: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    """Let many goals run, cancel all tasks in one turn, and wait until the goals have ended."""
    running = Running(server)
    tasks = []
    for order in range(MANY):
        client = clients[order % len(clients)]
        await aiorcl.action_ready(client)
        tasks.append(asyncio.ensure_future(wait(client, order)))
        await running.are(order + 1)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await running.are(0)
    assert all(task.cancelled() for task in tasks)
    for client in clients:
        await nothing_is_pending(client)


@WAYS
def test_all_goals_of_a_client_are_cancelled(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch, capfd: Any, wait: Any
) -> None:
    """Each request is sent when there is room for it, without being repeated."""
    monkeypatch.setattr(cancel_requests, "FIRST_WAIT_SEC", EVER)

    async def test(server: Node, client: Client) -> None:
        await cancel_all(server, [client], wait)

    run_action(test)
    assert not capfd.readouterr().err


@WAYS
def test_goals_of_many_clients_are_cancelled(run_action: RunAction, capfd: Any, wait: Any) -> None:
    """They fill the queue of the server together: what it loses is sent again."""

    async def test(server: Node, client: Client) -> None:
        node: Any = client._node
        clients = [ActionClient(node, Fibonacci, "action") for _ in range(MANY)]
        await cancel_all(server, clients, wait)

    run_action(test)
    assert not capfd.readouterr().err


@pytest.mark.parametrize("way", ["lost", "late"])
def test_an_answer_is_missing(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch, capfd: Any, way: str
) -> None:
    """The server is asked again; it has cancelled the goal, whatever it says then, and once."""
    monkeypatch.setattr(cancel_requests, "FIRST_WAIT_SEC", 0)
    send, held = _rclpy.ActionServer.send_cancel_response, []

    def hold_the_first(handle: Any, *args: Any) -> None:
        held.append(args)
        if len(held) > 1:
            send(handle, *args)
            if way == "late" and len(held) == 2:
                send(handle, *held[0])

    monkeypatch.setattr(_rclpy.ActionServer, "send_cancel_response", hold_the_first)

    async def test(server: Node, client: Client) -> None:
        begun, ends = asyncio.Event(), asyncio.Event()

        async def execute(goal: Any) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await ends.wait()

        serve(server, execute)
        async with aiorcl.goal(client, AT_ONCE) as running:
            await begun.wait()
            assert await running.cancel()
            ends.set()
            with pytest.raises(aiorcl.GoalCanceledError):
                await running.result()
        await nothing_is_pending(client)
        held.clear()

    run_action(test)
    err = capfd.readouterr().err
    assert "refused" not in err
    assert "unexpected" not in err


def test_a_cancellation_that_the_server_thinks_about_holds_up_no_other(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the only place of the queue until it is overdue."""
    monkeypatch.setattr(cancel_requests, "FIRST_WAIT_SEC", 0)
    decided = asyncio.Event()

    async def decide(goal: Any) -> CancelResponse:
        if goal.request.order == 0:
            await decided.wait()
        return CancelResponse.ACCEPT

    async def test(server: Node, asker: Client) -> None:
        node: Any = asker._node
        one = QoSProfile(depth=1)
        client = ActionClient(node, Fibonacci, "action", cancel_service_qos_profile=one)
        running = Running(server, cancel_callback=decide, callback_group=ReentrantCallbackGroup())
        tasks = []
        for order in range(2):
            tasks.append(asyncio.ensure_future(block(client, order)))
            await running.are(order + 1)
        for task in tasks:
            task.cancel()
        await asyncio.wait([tasks[1]])
        assert running.now == {0}
        decided.set()
        await asyncio.wait(tasks)
        await nothing_is_pending(client)

    run_action(test)


def test_a_goal_whose_server_is_gone_is_not_cancelled_for_ever(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can answer: nothing is left of the request."""
    monkeypatch.setattr(cancel_requests, "FIRST_WAIT_SEC", 0)

    async def test(server: Node, client: Client) -> None:
        asked = asyncio.Event()

        async def decide(goal: Any) -> CancelResponse:
            asked.set()
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

        of_server = serve(server, wait_for_ever, cancel_callback=decide)
        async with aiorcl.goal(client, AT_ONCE):
            asyncio.get_running_loop().create_task(destroy_when(asked, of_server))
        await nothing_is_pending(client)

    run_action(test)


async def destroy_when(asked: asyncio.Event, server: Any) -> None:
    """Destroy a server that is asked to cancel."""
    await asked.wait()
    server.destroy()
