# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A goal as a block: feedback, results, errors.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, GoalResponse
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, RunningGoal, ThreadCallbackGroup
from aiorcl._coroutines.goals import client as module
from aiorcl._serving.actions import Action
from aiorcl._serving.registry import served_node_of
from tests.support.actions import SEQUENCE, nothing_is_pending, serve_action
from tests.support.elsewhere import call_elsewhere
from tests.support.goals import AT_ONCE, UNTIL_CANCELLED

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.callback_groups import CallbackGroup
    from rclpy.context import Context

    from aiorcl._serving.node import ServedNode
    from tests.support.makers import MakeNode, Run, RunAction

    Client = ActionClient[Any, Any, Any]


def count_to(number: int) -> Any:
    """Make an execute callback that publishes so much feedback, all at once."""

    def execute(goal: Any) -> Fibonacci.Result:
        for each in range(number):
            goal.publish_feedback(Fibonacci.Feedback(sequence=[each]))
        goal.succeed()
        return Fibonacci.Result(sequence=SEQUENCE)

    return execute


@pytest.mark.parametrize("kind", ["default", "exclusive", "thread"])
def test_a_goal_succeeds(run_action: RunAction, kind: str) -> None:
    """Feedback comes in order, all of what was sent before the result, and then the result."""

    async def test(server: Node, client: Client) -> None:
        groups: dict[str, Callable[[], CallbackGroup | None]] = {
            "default": lambda: None,
            "exclusive": MutuallyExclusiveCallbackGroup,
            "thread": lambda: ThreadCallbackGroup(2),
        }
        group = groups[kind]()
        client = ActionClient(client._node, Fibonacci, "action", callback_group=group)
        ActionServer(server, Fibonacci, "action", count_to(8))
        async with aiorcl.goal(client, AT_ONCE) as running:
            assert running.client is client
            received = [feedback.sequence[0] async for feedback in running]
            result = await running.result()
        assert received == list(range(8))
        assert list(result.sequence) == SEQUENCE
        assert running.status == GoalStatus.STATUS_SUCCEEDED
        assert running.dropped == 0
        assert await running.result() is result  # as often as one asks
        await nothing_is_pending(client)

    run_action(test)


def test_a_full_queue_loses_the_oldest_feedback(run_action: RunAction) -> None:
    """And counts what it has lost."""

    async def test(server: Node, client: Client) -> None:
        ActionServer(server, Fibonacci, "action", count_to(8))
        async with aiorcl.goal(client, AT_ONCE, feedback_queue_size=3) as running:
            while running.dropped < 5:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert [feedback.sequence[0] async for feedback in running] == [5, 6, 7]

    run_action(test)


def test_the_server_is_waited_for(run_action: RunAction) -> None:
    """The goal is sent when somebody is there to get it."""

    async def test(server: Node, client: Client) -> None:
        async def ask() -> Any:
            async with aiorcl.goal(client, AT_ONCE) as running:
                return await running.result()

        task = asyncio.ensure_future(ask())
        await asyncio.sleep(0)
        serve_action(server)
        assert list((await task).sequence) == SEQUENCE

    run_action(test)


def test_a_rejected_goal_raises(run_action: RunAction) -> None:
    """On the way into the block."""

    async def test(server: Node, client: Client) -> None:
        ActionServer(
            *(server, Fibonacci, "action", count_to(0)),
            goal_callback=lambda _: GoalResponse.REJECT,
        )
        with pytest.raises(aiorcl.GoalRejectedError, match="'action' rejected the goal") as raised:
            async with aiorcl.goal(client, AT_ONCE):
                raise AssertionError
        assert raised.value.status == GoalStatus.STATUS_UNKNOWN
        assert raised.value.result is None
        await nothing_is_pending(client)

    run_action(test)


def test_an_aborted_goal_raises(run_action: RunAction) -> None:
    """From result(), with what the server sent; not from the iteration, and not from the block."""

    def execute(goal: Any) -> Fibonacci.Result:
        goal.abort()
        return Fibonacci.Result(sequence=SEQUENCE)

    async def test(server: Node, client: Client) -> None:
        ActionServer(server, Fibonacci, "action", execute)
        async with aiorcl.goal(client, AT_ONCE) as running:
            assert [feedback async for feedback in running] == []
            for _ in range(2):
                with pytest.raises(aiorcl.GoalAbortedError, match="aborted by the") as raised:
                    await running.result()
                assert raised.value.status == GoalStatus.STATUS_ABORTED
                assert list(raised.value.result.sequence) == SEQUENCE

    run_action(test)


def test_a_goal_that_somebody_cancels_raises(run_action: RunAction) -> None:
    """Whoever it was; the block then has nothing to do."""

    async def test(server: Node, client: Client) -> None:
        serve_action(server)
        async with aiorcl.goal(client, UNTIL_CANCELLED) as running:
            assert await running.cancel()
            with pytest.raises(aiorcl.GoalCanceledError, match="was cancelled") as raised:
                await running.result()
            assert list(raised.value.result.sequence) == SEQUENCE
            assert running.status == raised.value.status == GoalStatus.STATUS_CANCELED
            assert not await running.cancel()
        await nothing_is_pending(client)

    run_action(test)


def test_what_is_wrong_is_said_at_once(run_action: RunAction, lone: Node) -> None:
    """The type of a goal or of a field, a size, a second block, a client that nobody serves."""

    async def test(server: Node, client: Client) -> None:
        serve_action(server)
        with pytest.raises(TypeError, match=r"A goal of action 'action' is expected, of type"):
            async with aiorcl.goal(client, Fibonacci.Result()):
                raise AssertionError
        wrong = Fibonacci.Goal()
        wrong._order = "one"
        with pytest.raises(TypeError, match="order: expected int, got str"):
            async with aiorcl.goal(client, wrong):
                raise AssertionError
        with pytest.raises(ValueError, match="feedback_queue_size"):
            aiorcl.goal(client, AT_ONCE, feedback_queue_size=0)
        running = aiorcl.goal(client, AT_ONCE)
        assert running.status == GoalStatus.STATUS_UNKNOWN
        for ask in (running.result, running.cancel):
            with pytest.raises(RuntimeError, match="async with"):
                await ask()
        with pytest.raises(RuntimeError, match="async with"):
            await anext(running)
        async with running:
            await running.result()
        with pytest.raises(RuntimeError, match="sent once"):
            async with running:
                raise AssertionError
        stray = ActionClient(lone, Fibonacci, "action")
        with pytest.raises(RuntimeError, match="add_node"):
            async with aiorcl.goal(stray, AT_ONCE):
                raise AssertionError
        await nothing_is_pending(client)

    run_action(test)


def test_an_iteration_ends_with_the_executor_although_feedback_is_to_be_taken(
    run: Run, context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shutdown right behind the result: what has arrived is yielded, and then it is over."""
    server, asker = make_node(), make_node()

    async def main() -> None:
        async with (
            AsyncioExecutor(context=context) as other,
            AsyncioExecutor(context=context) as it,
        ):
            other.add_node(server)
            it.add_node(asker)
            serve_action(server)
            client = ActionClient(asker, Fibonacci, "action")
            ended = RunningGoal._ended

            def shut_down_behind(goal: Any, future: Any) -> None:
                with monkeypatch.context() as patch:
                    patch.setattr(Action, "feedback_is_ready", lambda _: True)
                    ended(goal, future)
                it.shutdown()

            monkeypatch.setattr(RunningGoal, "_ended", shut_down_behind)
            async with aiorcl.goal(client, AT_ONCE) as running:
                assert [feedback async for feedback in running] == []
                assert list((await running.result()).sequence) == SEQUENCE

    run(main)


@pytest.mark.parametrize("way", ["leave", "cancel"])
def test_a_client_is_destroyed_on_another_thread(
    run: Run, context: Context, make_node: MakeNode, way: str
) -> None:
    """Who cancels before the word has come is told the same as who waits."""
    node = make_node()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            serve_action(node)
            client = ActionClient(node, Fibonacci, "action")
            async with aiorcl.goal(client, UNTIL_CANCELLED) as running:
                call_elsewhere(client.destroy)
                if way == "cancel":
                    with pytest.raises(aiorcl.EntityGoneError):
                        await running.cancel()
            with pytest.raises(aiorcl.EntityGoneError):
                await running.result()

    run(main)


@pytest.mark.parametrize("when", ["accepted", "under way"])
def test_a_goal_in_the_body_hears_of_a_shutdown(
    run: Run, context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Nobody serves the client; also in the turn of an answer. The server is to cancel the goal."""
    server, asker = make_node(), make_node()
    ask = RunningGoal._ask

    async def main() -> None:
        async with (
            AsyncioExecutor(context=context) as other,
            AsyncioExecutor(context=context) as it,
        ):
            other.add_node(server)
            it.add_node(asker)
            ended = asyncio.Event()

            async def execute(goal: Any) -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.set()

            aiorcl.serve_action(server, Fibonacci, "action", execute)
            client = ActionClient(asker, Fibonacci, "action")

            async def shut_down_behind(goal: Any, future: Any) -> Any:
                answer = await ask(goal, future)
                it.shutdown()
                return answer

            if when == "accepted":
                monkeypatch.setattr(RunningGoal, "_ask", shut_down_behind)

            async def ask_for_it() -> None:
                async with aiorcl.goal(client, UNTIL_CANCELLED) as running:
                    assert when == "under way"
                    it.create_task(it.shutdown)
                    await running.result()

            with pytest.raises(aiorcl.EntityGoneError, match="executor was shut down"):
                await ask_for_it()
            if when == "under way":
                await ended.wait()

    run(main)


def test_a_client_is_destroyed_before_its_goal_is_sent(
    run: Run, context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a finalizer, say, when the server is there and nothing is asked yet: none is sent."""
    node = make_node()

    def destroyed(client: Client) -> ServedNode:
        served_node = served_node_of(client)
        client.destroy()
        return served_node

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            serve_action(node)
            client = ActionClient(node, Fibonacci, "action")
            await aiorcl.action_ready(client)
            monkeypatch.setattr(module, "served_node_of", destroyed)
            with pytest.raises(aiorcl.EntityGoneError):
                async with aiorcl.goal(client, UNTIL_CANCELLED):
                    pass
            assert len(executor._followers) == 0

    run(main)
