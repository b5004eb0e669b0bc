# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Leaving the block of a goal early, on every way: the goal has ended when the block has.

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.context import Context
from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from tests.support.actions import SEQUENCE, nothing_is_pending, pending, serve_action
from tests.support.goals import AT_ONCE, UNTIL_CANCELLED
from tests.support.scopes import CancelsAgain
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run, RunAction

    Client = ActionClient[Any, Any, Any]


@pytest.mark.parametrize("way", ["end", "break", "exception", "timeout", "cancellation", "scope"])
def test_leaving_early_cancels_the_goal(run_action: RunAction, way: str) -> None:
    """And the block ends when the goal has."""

    async def leave(client: Client, inside: asyncio.Event, running: Any) -> None:
        async with running:
            inside.set()
            if way == "exception":
                raise LookupError
            if way == "timeout":
                async with asyncio.timeout(0):
                    await running.result()
            if way in ("cancellation", "scope"):
                await running.result()
            while way == "break":
                break

    async def test(server: Node, client: Client) -> None:
        action_server = serve_action(server)
        running = aiorcl.goal(client, UNTIL_CANCELLED)
        inside = asyncio.Event()
        task = asyncio.create_task(leave(client, inside, running))
        await inside.wait()
        if way == "cancellation":
            task.cancel()
        if way == "scope":
            CancelsAgain(task).cancel()
        await asyncio.wait([task])
        assert running.status == GoalStatus.STATUS_CANCELED
        (goal,) = action_server._goal_handles.values()
        assert goal.status == GoalStatus.STATUS_CANCELED
        expected = {"exception": LookupError, "timeout": TimeoutError}.get(way, type(None))
        if way in ("cancellation", "scope"):
            assert task.cancelled()
        else:
            assert isinstance(task.exception(), expected)
        await nothing_is_pending(client)

    run_action(test)


@pytest.mark.parametrize("way", ["block", "handle", "result"])
def test_who_has_cancelled_a_goal_is_not_told_that_the_server_refuses(
    run_action: RunAction, capfd: Any, way: str
) -> None:
    """It does, to whoever asks once more; so it is not asked."""

    async def test(server: Node, client: Client) -> None:
        ends = asyncio.Event()

        async def execute(goal: Any) -> Fibonacci.Result:
            await ends.wait()
            goal.canceled()
            return Fibonacci.Result(sequence=SEQUENCE)

        asked: list[Any] = []

        def agree(goal: Any) -> CancelResponse:
            asked.append(goal)
            return CancelResponse.ACCEPT

        ActionServer(server, Fibonacci, "action", execute, cancel_callback=agree)
        if way == "result":
            handle = await client.send_goal_async(AT_ONCE)
            response = await handle.cancel_goal_async()
            assert response.goals_canceling
            result = asyncio.ensure_future(handle.get_result_async())
            await turns()
            result.cancel()
            await turns()
            ends.set()
        else:
            async with aiorcl.goal(client, AT_ONCE) as running:
                if way == "block":
                    assert await running.cancel()
                else:
                    assert (await running.handle.cancel_goal_async()).goals_canceling
                asyncio.get_running_loop().call_soon(ends.set)
        while client._pending_cancel_requests:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert len(asked) == 1

    run_action(test)
    assert "refused" not in capfd.readouterr().err


def test_a_server_that_refuses_to_cancel_is_waited_for(run_action: RunAction, capfd: Any) -> None:
    """It says so; a second cancellation ends the wait."""

    async def test(server: Node, client: Client) -> None:
        gate = asyncio.Event()
        refused = asyncio.Event()

        async def execute(goal: Any) -> Fibonacci.Result:
            await gate.wait()
            goal.succeed()
            return Fibonacci.Result(sequence=SEQUENCE)

        def refuse(_: Any) -> CancelResponse:
            refused.set()
            return CancelResponse.REJECT

        ActionServer(server, Fibonacci, "action", execute, cancel_callback=refuse)

        async def leave(running: Any, inside: asyncio.Event) -> None:
            async with running:
                inside.set()
                if first:
                    await asyncio.Event().wait()

        for first, impatient in ((True, True), (False, True), (False, False)):
            refused.clear()
            running = aiorcl.goal(client, AT_ONCE)
            inside = asyncio.Event()
            task = asyncio.ensure_future(leave(running, inside))
            await inside.wait()
            if first:
                task.cancel()
            await refused.wait()
            while client._pending_cancel_requests:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert not task.done()
            if impatient:
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                gate.set()
                await task
                assert list((await running.result()).sequence) == SEQUENCE

    run_action(test)
    assert "server of action 'action' refused to cancel goal" in capfd.readouterr().err


def test_a_server_that_goes_away_is_noticed(run_action: RunAction) -> None:
    """Nobody will answer: whoever waits hears of it, and the block can be left."""

    async def test(server: Node, client: Client) -> None:
        action_server = serve_action(server)
        async with aiorcl.goal(client, UNTIL_CANCELLED) as running:
            feedback = asyncio.ensure_future(anext(running, None))
            await asyncio.sleep(0)
            action_server.destroy()
            with pytest.raises(aiorcl.GoalLostError, match="'action' went away with the goal"):
                await running.result()
            assert await feedback is None

    run_action(test)


@pytest.mark.parametrize("way", ["client", "node", "executor"])
def test_a_client_that_goes_away_ends_the_wait(
    run: Run, context: Context, make_node: MakeNode, way: str
) -> None:
    """Destroyed, with its node, or because the executor ends."""

    async def main() -> None:
        server, asker = make_node(), make_node()
        client = ActionClient(asker, Fibonacci, "action")
        inside = asyncio.Event()

        async def wait() -> None:
            async with aiorcl.goal(client, UNTIL_CANCELLED) as running:
                inside.set()
                await running.result()

        async with AsyncioExecutor(context=context) as other:
            serve_action(server)
            other.add_node(server)
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(asker)
                task = asyncio.ensure_future(wait())
                await inside.wait()
                if way == "client":
                    client.destroy()
                elif way == "node":
                    asker.destroy_node()
            with pytest.raises(EntityGoneError):
                await task

    run(main)


def test_the_executor_ends_with_a_block_of_its_own(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """A task of the executor leaves its block while responses still come: the goal is cancelled."""

    async def main() -> None:
        server, asker = make_node(), make_node()
        client = ActionClient(asker, Fibonacci, "action")
        inside = asyncio.Event()
        running = aiorcl.goal(client, UNTIL_CANCELLED)

        async def behave() -> None:
            async with running:
                inside.set()
                await asyncio.Event().wait()

        async with AsyncioExecutor(context=context) as other:
            serve_action(server)
            other.add_node(server)
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(asker)
                executor.create_task(behave)
                await inside.wait()
        assert running.status == GoalStatus.STATUS_CANCELED

    run(main)


def test_a_goal_is_cancelled_wherever_its_task_waits(run_action: RunAction) -> None:
    """At every await of the block: nothing is left, and no goal goes on."""

    async def test(server: Node, client: Client) -> None:
        action_server = serve_action(server)

        async def ask() -> None:
            async with aiorcl.goal(client, AT_ONCE) as running:
                async for _ in running:
                    pass
                await running.result()
            async with aiorcl.goal(client, UNTIL_CANCELLED) as running:
                await running.cancel()
                with pytest.raises(aiorcl.GoalCanceledError):
                    await running.result()

        def left() -> object:
            goals = list(action_server._goal_handles.values())
            return pending(client), sum(goal.is_active for goal in goals)

        assert await cancel_everywhere(ask, left) >= 8

    run_action(test)


def test_blocks_leave_nothing(run_action: RunAction) -> None:
    """No object of a block outlives it, but the result that one keeps."""

    async def test(server: Node, client: Client) -> None:
        serve_action(server)

        async def ask() -> None:
            async with aiorcl.goal(client, AT_ONCE) as running:
                await running.result()

        await ask()
        gc.collect()
        assert not [each for each in gc.get_objects() if isinstance(each, aiorcl.RunningGoal)]

    run_action(test)
