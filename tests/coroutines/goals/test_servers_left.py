# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Servers of one name that come and go: a goal is lost when none is left that may have it.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl._coroutines.goals.server_watch import ServerWatch
from aiorcl._tasks.action_requests import result_requests
from tests.support.actions import SEQUENCE, nothing_is_pending
from tests.support.goals import AT_ONCE, RESULT, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.makers import RunAction

    Client = ActionClient[Any, Any, Any]


def is_unknown_result(response: Any) -> bool:
    """Tell whether a server has no result, since it does not know the goal."""
    return bool(response.status == GoalStatus.STATUS_UNKNOWN)


def is_unknown_to_cancel(response: Any) -> bool:
    """Tell whether a server cannot cancel a goal that it does not know."""
    return bool(response.return_code == CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID)


class Graph:
    """What a client sees of the servers of its action, of which the parts go one by one."""

    def __init__(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        self._node: Any = client._node
        self._client = client
        self._patch = monkeypatch
        self._looked = asyncio.Event()
        look = ServerWatch.callback

        def note(watch: ServerWatch) -> None:
            look(watch)
            self._looked.set()

        monkeypatch.setattr(ServerWatch, "callback", note)

    async def changes(self) -> None:
        """Let the graph change, and the client look at it."""
        self._looked.clear()
        self._node.create_publisher(Int64, "other", 1)
        await self._looked.wait()

    async def lack(self, *parts: str) -> None:
        """Let these parts of all servers not be there."""
        with self._patch.context() as patch:
            patch.setattr(self._client, "server_is_ready", lambda: False)
            if "services" in parts:
                patch.setattr(self._node, "count_services", lambda _: 0)
            if "publishers" in parts:
                patch.setattr(self._node, "get_publishers_info_by_topic", lambda _: [])
            await self.changes()


class Serving:
    """A server whose goals go on until they are told to end."""

    def __init__(self, node: Node, **options: Any) -> None:
        self.ends = asyncio.Event()
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.server = serve(node, self._execute, **options)

    async def _execute(self, goal: Any) -> Fibonacci.Result:
        self.begun.set()
        try:
            await self.ends.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return RESULT


class Answers:
    """Tells of the answers of servers that do not know a goal.

    :param method: sends the answers.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        method: str,
        is_unknown: Callable[[Any], bool],
    ) -> None:
        self._unknown = asyncio.Event()
        send = getattr(_rclpy.ActionServer, method)

        def note(handle: Any, request: Any, response: Any) -> None:
            send(handle, request, response)
            if is_unknown(response):
                self._unknown.set()

        monkeypatch.setattr(_rclpy.ActionServer, method, note)

    async def unknown(self) -> None:
        """Wait for the next one."""
        await self._unknown.wait()
        self._unknown.clear()


def another_server(node: Node) -> ActionServer[Any, Any, Any]:
    """Offer the same action beside the one that has the goal; this one takes none."""
    return ActionServer(
        *(node, Fibonacci, "action", lambda _: RESULT),
        goal_callback=lambda _: GoalResponse.REJECT,
    )


@pytest.mark.parametrize("parts", [(), ("services",), ("publishers",)], ids=str)
def test_a_server_is_not_gone_while_a_part_of_it_is_there(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch, parts: tuple[str, ...]
) -> None:
    """As while those of another one go, that has crashed long before."""

    async def test(server: Node, client: Client) -> None:
        serving, graph = Serving(server), Graph(client, monkeypatch)
        async with aiorcl.goal(client, AT_ONCE) as running:
            await graph.lack(*parts)
            await graph.changes()
            serving.ends.set()
            assert list((await running.result()).sequence) == SEQUENCE
        await nothing_is_pending(client)

    run_action(test)


def test_a_goal_that_is_lost_is_cancelled(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server may be there all the same, and does not go on with nobody watching."""

    async def test(server: Node, client: Client) -> None:
        serving, graph = Serving(server), Graph(client, monkeypatch)
        async with aiorcl.goal(client, AT_ONCE) as running:
            await graph.lack("services", "publishers")
            with pytest.raises(aiorcl.GoalLostError, match="went away with the goal"):
                await running.result()
        await serving.cancelled.wait()
        await nothing_is_pending(client)

    run_action(test)


def test_a_goal_that_is_lost_before_its_answer_is_cancelled(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was accepted, of which nobody heard."""

    async def test(server: Node, client: Client) -> None:
        serving, graph = Serving(server), Graph(client, monkeypatch)
        monkeypatch.setattr(_rclpy.ActionServer, "send_goal_response", lambda *_: None)

        async def ask() -> None:
            async with aiorcl.goal(client, AT_ONCE):
                raise AssertionError

        asking = asyncio.ensure_future(ask())
        await serving.begun.wait()
        await graph.lack("services", "publishers")
        with pytest.raises(aiorcl.GoalLostError, match="went away with the goal"):
            await asking
        await serving.cancelled.wait()

    run_action(test)


def test_another_server_that_comes_and_goes_ends_no_goal(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not know the goal, and is not asked in the place of the one that does."""

    async def test(server: Node, client: Client) -> None:
        serving, graph = Serving(server), Graph(client, monkeypatch)
        async with aiorcl.goal(client, AT_ONCE) as running:
            for _ in range(3):
                other = another_server(server)
                await graph.changes()
                other.destroy()
                await graph.changes()
            serving.ends.set()
            assert list((await running.result()).sequence) == SEQUENCE
        await nothing_is_pending(client)

    run_action(test)


@pytest.mark.parametrize("goes", [False, True], ids=["stays", "goes"])
@pytest.mark.filterwarnings("ignore:Deprecated in favor of")  # rclpy's own logger.warn()
def test_a_server_that_does_not_know_the_goal_does_not_answer_for_another(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch, goes: bool
) -> None:
    """Of three one goes, and both that are left are asked; the goal ends with the one that has it.

    :param goes: whether that one is destroyed, too: then the last one is right.
    """
    monkeypatch.setattr(result_requests, "FIRST_WAIT_SEC", 0.001)

    async def test(server: Node, client: Client) -> None:
        serving = Serving(server)
        answers = Answers(monkeypatch, "send_result_response", is_unknown_result)
        async with aiorcl.goal(client, AT_ONCE) as running:
            _, third = another_server(server), another_server(server)
            await Graph(client, monkeypatch).changes()
            third.destroy()
            for _ in range(3):  # times that it was asked
                await answers.unknown()
            if goes:
                serving.server.destroy()
                with pytest.raises(aiorcl.GoalLostError, match="is not known to the server"):
                    await running.result()
            else:
                serving.ends.set()
                assert list((await running.result()).sequence) == SEQUENCE
        await nothing_is_pending(client)

    run_action(test)


@pytest.mark.parametrize("way", ["leave", "cancel"])
def test_a_server_that_does_not_know_the_goal_does_not_answer_a_cancellation_for_another(
    run_action: RunAction, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Both get the request, and it is the first to answer."""

    async def test(server: Node, client: Client) -> None:
        answers = Answers(monkeypatch, "send_cancel_response", is_unknown_to_cancel)

        async def agree(_: Any) -> CancelResponse:
            await answers.unknown()
            return CancelResponse.ACCEPT

        serving = Serving(server, cancel_callback=agree)
        async with aiorcl.goal(client, AT_ONCE) as running:
            another_server(server)
            await Graph(client, monkeypatch).changes()
            if way == "cancel":
                assert await running.cancel()
                with pytest.raises(aiorcl.GoalCanceledError):
                    await running.result()
        with pytest.raises(aiorcl.GoalCanceledError):
            await running.result()
        assert serving.cancelled.is_set()
        await nothing_is_pending(client)

    run_action(test)
