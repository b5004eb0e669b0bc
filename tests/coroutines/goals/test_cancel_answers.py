# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a server may answer to a cancellation, and what becomes of the goal then.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import CancelResponse
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl._coroutines.goals.server_watch import ServerWatch
from aiorcl._tasks.action_requests import result_requests
from tests.support.actions import SEQUENCE, nothing_is_pending
from tests.support.goals import AT_ONCE, RESULT, serve, wait_for_ever

if TYPE_CHECKING:
    from tests.support.makers import RunAction

    Client = ActionClient[Any, Any, Any]


class Deciding:
    """A server that agrees to cancel a goal when that has just succeeded."""

    def __init__(self, node: Node) -> None:
        self.begun = asyncio.Event()
        self.asked = asyncio.Event()
        self._server = serve(node, self._execute, cancel_callback=self._agree)

    async def _execute(self, goal: Any) -> Fibonacci.Result:
        self.begun.set()
        await self.asked.wait()
        return RESULT

    async def _agree(self, goal: Any) -> CancelResponse:
        self.asked.set()
        while goal.handle.is_active:  # noqa: ASYNC110
            await asyncio.sleep(0)
        return CancelResponse.ACCEPT


@pytest.mark.parametrize("held_up", [False, True], ids=["free group", "busy group"])
@pytest.mark.parametrize("way", ["block", "result"])
def test_a_goal_that_ends_while_the_server_decides_was_not_refused(
    run_action: RunAction, capfd: Any, way: str, held_up: bool
) -> None:
    """rclpy's server answers as if it refused; but it has told of the end, in whatever group."""

    async def test(server: Node, asker: Client) -> None:
        group = MutuallyExclusiveCallbackGroup()
        node: Any = asker._node
        client: Client = ActionClient(node, Fibonacci, "action", callback_group=group)
        deciding = Deciding(server)

        async def leave() -> None:
            if way == "block":
                async with aiorcl.goal(client, AT_ONCE) as running:
                    await deciding.begun.wait()
                assert list((await running.result()).sequence) == SEQUENCE
            else:
                handle = await client.send_goal_async(AT_ONCE)
                assert handle is not None
                await deciding.begun.wait()
                result = asyncio.ensure_future(result_of(handle))
                await asyncio.sleep(0)  # it asks
                result.cancel()
                await asyncio.wait([result])
                await deciding.asked.wait()
            await nothing_is_pending(client)

        if held_up:
            left = asyncio.get_running_loop().create_future()

            async def tick() -> None:
                timer.cancel()
                await leave()
                left.set_result(None)

            timer = node.create_timer(0, tick, callback_group=group)
            await left
        else:
            await leave()

    run_action(test)
    assert "refused" not in capfd.readouterr().err


def start_anew(server: Any, node: Node) -> Any:
    """Let another server take the place of one in the same turn: the name never lacks a server."""
    server.destroy()
    return serve(node, wait_for_ever)


@pytest.mark.filterwarnings("ignore:Deprecated in favor of")  # rclpy's own logger.warn()
def test_a_goal_whose_server_was_started_anew_is_lost(run_action: RunAction) -> None:
    """There is a server all the time: it says that it does not know the goal."""

    async def test(server: Node, client: Client) -> None:
        first = serve(server, wait_for_ever)
        async with aiorcl.goal(client, AT_ONCE) as running:
            start_anew(first, server)
            with pytest.raises(aiorcl.GoalLostError, match="is not known to the server"):
                await running.result()
        await nothing_is_pending(client)

    run_action(test)


@pytest.mark.parametrize("way", ["leave", "cancel"])
def test_a_server_that_does_not_know_the_goal_cancels_nothing(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch, capfd: Any, way: str
) -> None:
    """The goal is lost, and not refused, also if nobody has heard of the new server."""
    monkeypatch.setattr(ServerWatch, "callback", lambda _: None)

    async def test(server: Node, client: Client) -> None:
        first = serve(server, wait_for_ever)
        async with aiorcl.goal(client, AT_ONCE) as running:
            start_anew(first, server)
            await aiorcl.action_ready(client)
            if way == "cancel":
                with pytest.raises(aiorcl.GoalLostError):
                    await running.cancel()
        with pytest.raises(aiorcl.GoalLostError, match="is not known to the server"):
            await running.result()

    run_action(test)
    assert "refused" not in capfd.readouterr().err


def test_a_goal_that_has_ended_is_asked_for_its_result_once_more(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """Its result was lost on the way; the server has nothing to cancel."""
    monkeypatch.setattr(result_requests, "FIRST_WAIT_SEC", 3600)
    send, lost = _rclpy.ActionServer.send_result_response, asyncio.Event()

    def lose_the_first(handle: Any, *args: Any) -> None:
        if lost.is_set():
            send(handle, *args)
        lost.set()

    monkeypatch.setattr(_rclpy.ActionServer, "send_result_response", lose_the_first)

    async def execute(goal: Any) -> Fibonacci.Result:
        return RESULT

    async def test(server: Node, client: Client) -> None:
        serve(server, execute)
        async with aiorcl.goal(client, AT_ONCE) as running:
            await lost.wait()
        assert list((await running.result()).sequence) == SEQUENCE
        await nothing_is_pending(client)
        lost.clear()

    run_action(test)
    assert "refused" not in capfd.readouterr().err


async def result_of(handle: Any) -> Any:
    """Await the result of a goal in a task."""
    return await handle.get_result_async()
