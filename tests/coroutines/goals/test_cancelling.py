# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Cancelling a goal that a coroutine executes: by its client, by its executor, by something else.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.actions import SEQUENCE
from tests.support.goals import RESULT, outcome, serve, wait_for_ever
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tests.support.makers import MakeNode, Run, RunAction

    Goal = aiorcl.ServedGoal[Any]
    Client = ActionClient[Any, Any, Any]


@pytest.mark.parametrize("way", ["pass", "return", "raise"])
def test_a_client_cancels(run_action: RunAction, capfd: Any, way: str) -> None:
    """CancelledError comes where the coroutine waits; what it makes of it is how the goal ends."""

    async def execute(goal: Goal) -> Fibonacci.Result:
        begun.set()
        try:
            await wait_for_ever(goal)
        except asyncio.CancelledError:
            assert goal.is_cancel_requested
            await asyncio.sleep(0)  # it may clean up
            if way == "return":
                return RESULT
            if way == "raise":
                raise LookupError("on purpose") from None
            raise
        raise AssertionError

    begun = asyncio.Event()

    async def test(server: Node, client: Client) -> None:
        serve(server, execute)
        async with aiorcl.goal(client, Fibonacci.Goal()) as running:
            await begun.wait()
            assert await running.cancel()
            expected: dict[str, type[aiorcl.GoalError]] = {
                "pass": aiorcl.GoalCanceledError,
                "raise": aiorcl.GoalAbortedError,
            }
            if way == "return":
                assert list((await running.result()).sequence) == SEQUENCE
            else:
                with pytest.raises(expected[way]) as raised:
                    await running.result()
                assert list(raised.value.result.sequence) == SEQUENCE

    run_action(test)
    assert ("LookupError" in capfd.readouterr().err) == (way == "raise")


def test_feedback_before_the_coroutine_hears_of_it(run_action: RunAction, capfd: Any) -> None:
    """The cancellation is accepted, and nobody knows yet: nothing is sent, and rclpy not asked."""

    async def execute(goal: Goal) -> None:
        begun.set()
        try:
            await wait_for_ever(goal)
        finally:
            heard.append("cancelled")

    def publish(goal: Goal) -> None:
        heard.append(goal.is_cancel_requested)
        goal.publish_feedback(Fibonacci.Feedback(sequence=[1]))

    def accept(goal: Goal) -> CancelResponse:
        # In the turn after that in which rclpy notes the cancellation.
        asyncio.get_running_loop().call_soon(publish, goal)
        return CancelResponse.ACCEPT

    begun = asyncio.Event()
    heard: list[Any] = []

    async def test(server: Node, client: Client) -> None:
        serve(server, execute, cancel_callback=accept)
        async with aiorcl.goal(client, Fibonacci.Goal()) as running:
            await begun.wait()
            assert await running.cancel()
            assert [feedback async for feedback in running] == []
        assert heard == [True, "cancelled"]

    run_action(test)
    assert "publish_feedback" not in capfd.readouterr().err


@pytest.mark.parametrize("when", ["at once", "while it cleans up"])
def test_two_requests_cancel_a_goal_once(run_action: RunAction, when: str) -> None:
    """Both accepted by a coroutine that runs for both; neither interrupts the cleanup."""
    both, begun, stopping = (asyncio.Event() for _ in range(3))
    asked: list[Goal] = []

    async def may_cancel(goal: Goal) -> CancelResponse:
        asked.append(goal)
        if len(asked) == 1:
            await both.wait()
        else:
            both.set()
            if when == "while it cleans up":
                await stopping.wait()
        return CancelResponse.ACCEPT

    async def execute(goal: Goal) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopping.set()
            await turns()
            goal.result.sequence = SEQUENCE

    async def test(server: Node, client: Client) -> None:
        group = ReentrantCallbackGroup()
        serve(server, execute, cancel_callback=may_cancel, callback_group=group)
        async with aiorcl.goal(client, Fibonacci.Goal()) as running:
            await begun.wait()
            await asyncio.gather(running.cancel(), running.cancel())
            with pytest.raises(aiorcl.GoalCanceledError) as raised:
                await running.result()
            assert list(raised.value.result.sequence) == SEQUENCE
        assert len(asked) == 2

    run_action(test)


def test_a_goal_is_cancelled_before_it_begins(run_action: RunAction) -> None:
    """Its coroutine never runs."""

    async def execute(goal: Goal) -> None:
        raise AssertionError

    async def test(server: Node, client: Client) -> None:
        accepted = asyncio.Queue[Any]()
        serve(server, execute, handle_accepted_callback=accepted.put_nowait)
        async with aiorcl.goal(client, Fibonacci.Goal()) as running:
            handle = await accepted.get()
            assert await running.cancel()
            handle.execute()
            with pytest.raises(aiorcl.GoalCanceledError):
                await running.result()

    run_action(test)


def test_what_else_is_cancelled_aborts_the_goal(run_action: RunAction) -> None:
    """CancelledError of something that the coroutine awaits is no cancellation of the goal."""

    async def execute(goal: Goal) -> None:
        other = asyncio.ensure_future(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(other.cancel)
        await other

    async def test(server: Node, client: Client) -> None:
        serve(server, execute)
        assert await outcome(client) == (GoalStatus.STATUS_ABORTED, [])

    run_action(test)


def test_timeouts_inside_a_goal_stay_inside(run_action: RunAction) -> None:
    """A timeout of its own is not taken for the client's cancellation, and the other way round."""

    async def execute(goal: Goal) -> Fibonacci.Result:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        begun.set()
        async with asyncio.timeout(3600):
            await asyncio.Event().wait()
        raise AssertionError

    begun = asyncio.Event()

    async def test(server: Node, client: Client) -> None:
        serve(server, execute)
        async with aiorcl.goal(client, Fibonacci.Goal()) as running:
            await begun.wait()
            assert await running.cancel()
            with pytest.raises(aiorcl.GoalCanceledError):
                await running.result()

    run_action(test)


@pytest.mark.parametrize("cancelled", [False, True])
def test_the_end_of_the_executor_ends_the_goal(
    run: Run, context: Context, make_node: MakeNode, cancelled: bool
) -> None:
    """Aborted, or canceled if a client had asked for that: then its cleanup is not interrupted."""

    async def main() -> None:
        server, asker = make_node(), make_node()
        client = ActionClient(asker, Fibonacci, "action")
        begun = asyncio.Event()
        stopping = asyncio.Event()
        ended: list[str] = []

        async def execute(goal: Goal) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopping.set()
                await turns()
                ended.append("cleaned up")

        async with AsyncioExecutor(context=context) as other:
            other.add_node(asker)
            async with AsyncioExecutor(context=context) as executor:
                serve(server, execute)
                executor.add_node(server)
                handle = await client.send_goal_async(Fibonacci.Goal())
                assert handle is not None
                await begun.wait()
                result = handle.get_result_async()
                (of_server,) = (w for w in server.waitables if hasattr(w, "_result_futures"))
                (answered,) = of_server._result_futures.values()
                while not answered._callbacks:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                if cancelled:
                    await handle.cancel_goal_async()
                    await stopping.wait()
            response = await result
            assert response is not None
            expected = GoalStatus.STATUS_CANCELED if cancelled else GoalStatus.STATUS_ABORTED
            assert response.status == expected
            assert ended == ["cleaned up"]

    run(main)


def test_a_behaviour_is_cancelled_down_to_the_goal_it_sends(run_action: RunAction) -> None:
    """A goal whose coroutine awaits another goal hands the cancellation on."""

    async def test(server: Node, client: Client) -> None:
        begun = asyncio.Event()
        ended: list[int] = []

        async def drive(goal: Goal) -> None:
            begun.set()
            await wait_for_ever(goal)

        async def patrol(goal: Goal) -> None:
            async with aiorcl.goal(client, Fibonacci.Goal()) as leg:
                try:
                    await leg.result()
                finally:
                    ended.append(leg.status)
            raise AssertionError

        serve(server, drive)
        aiorcl.serve_action(server, Fibonacci, "patrol", patrol)
        patrols: Client = ActionClient(client._node, Fibonacci, "patrol")
        async with aiorcl.goal(patrols, Fibonacci.Goal()) as running:
            await begun.wait()
            await running.cancel()
            with pytest.raises(aiorcl.GoalCanceledError):
                await running.result()
        assert ended == [GoalStatus.STATUS_EXECUTING]

    run_action(test)


def test_every_await_of_a_goal_may_be_cancelled(run_action: RunAction) -> None:
    """Wherever the client gives up, the coroutine of the server ends too, and nothing is left."""
    executing: list[Coroutine[Any, Any, Any] | Goal] = []

    async def execute(goal: Goal) -> Fibonacci.Result:
        executing.append(goal)
        try:
            for number in range(3):
                goal.publish_feedback(Fibonacci.Feedback(sequence=[number]))
                await asyncio.sleep(0)
            return RESULT
        finally:
            executing.remove(goal)

    async def test(server: Node, client: Client) -> None:
        of_server = serve(server, execute)

        def left() -> object:
            active = sum(goal.is_active for goal in of_server._goal_handles.values())
            return len(executing), active, len(client._futures)

        assert await cancel_everywhere(lambda: outcome(client), left) >= 4

    run_action(test)
