# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# No callback of a goal begins when the server is destroyed, its node is, or the context is down.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.context import Context
from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.elsewhere import call_elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

End = Callable[[Any], object]


def destroy(server: Any) -> None:
    """Destroy the server."""
    server.destroy()


def destroy_elsewhere(server: Any) -> None:
    """Destroy the server, by another thread."""
    call_elsewhere(server.destroy)


def destroy_node(server: Any) -> None:
    """Destroy its node."""
    server._node.destroy_node()


def destroy_node_elsewhere(server: Any) -> None:
    """Destroy its node, by another thread."""
    call_elsewhere(server._node.destroy_node)


by_each_end = pytest.mark.parametrize(
    "end", [destroy, destroy_elsewhere, destroy_node, destroy_node_elsewhere]
)


class Callbacks:
    """Those of a server; the one of the name ``where`` ends it, the first time."""

    def __init__(self, node: Node, where: str, end: End) -> None:
        self.called: list[str] = []
        self._where = where
        self._end = end
        self.ended = asyncio.Event()
        self.server = ActionServer(
            *(node, Fibonacci, "action", self._execute),
            goal_callback=self._goal,
            handle_accepted_callback=self._accepted,
            cancel_callback=self._cancel,
        )

    def _note(self, name: str) -> None:
        self.called.append(name)
        if name == self._where and not self.ended.is_set():
            self._end(self.server)
            self.called.clear()
            self.ended.set()

    def _goal(self, goal: Any) -> GoalResponse:
        self._note("goal")
        return GoalResponse.ACCEPT

    def _accepted(self, handle: Any) -> None:
        self._note("accepted")
        if self._where != "cancel":
            handle.execute()

    def _cancel(self, handle: Any) -> CancelResponse:
        self._note("cancel")
        return CancelResponse.ACCEPT

    async def _execute(self, handle: Any) -> Fibonacci.Result:
        self._note("execute")
        return Fibonacci.Result()


@pytest.mark.filterwarnings("ignore:Deprecated in favor")  # rclpy's own, of a response in vain
@by_each_end
@pytest.mark.parametrize("where", ["goal", "accepted", "cancel"])
def test_ended_in_a_callback_before(
    run: Run, context: Context, lone: Node, make_node: MakeNode, where: str, end: End
) -> None:
    """What a callback has ended calls none after it, of the same request neither."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            node = make_node()
            executor.add_node(node)
            callbacks = Callbacks(node, where, end)
            client = ActionClient(lone, Fibonacci, "action")
            await aiorcl.action_ready(client)
            goals = [client.send_goal_async(Fibonacci.Goal()) for _ in range(2)]
            if where == "cancel":
                await asyncio.gather(*goals)
                cancel: Any = lone.create_client(
                    Fibonacci.Impl.CancelGoalService, "action/_action/cancel_goal"
                )
                await aiorcl.service_ready(cancel)
                cancel.call_async(Fibonacci.Impl.CancelGoalService.Request())
            await callbacks.ended.wait()
            for _ in range(20):
                await asyncio.sleep(0)
            assert callbacks.called == []
            client.destroy()

    run(main)
