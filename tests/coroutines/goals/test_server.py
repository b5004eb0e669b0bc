# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A goal as a coroutine: however it ends, the client gets an answer.

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import CancelResponse, GoalResponse
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String
from std_srvs.srv import SetBool
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import ThreadCallbackGroup
from tests.support.actions import SEQUENCE
from tests.support.goals import RESULT, outcome, serve, wait_for_ever

if TYPE_CHECKING:
    from tests.support.makers import RunAction

    Goal = aiorcl.ServedGoal[Any]
    Client = ActionClient[Any, Any, Any]


@pytest.mark.parametrize("group", [None, ThreadCallbackGroup(1)], ids=["default", "thread"])
def test_a_goal_succeeds(run_action: RunAction, group: ThreadCallbackGroup | None) -> None:
    """By returning a result, after awaiting whatever asyncio can, with feedback between."""

    async def execute(goal: Goal) -> Fibonacci.Result:
        assert not goal.is_cancel_requested
        assert goal.goal_id == goal.handle.goal_id
        for number in range(goal.request.order):
            goal.publish_feedback(Fibonacci.Feedback(sequence=[number]))
            await asyncio.sleep(0)
        return RESULT

    async def test(server: Node, client: Client) -> None:
        serve(server, execute, callback_group=group)
        async with aiorcl.goal(client, Fibonacci.Goal(order=5)) as running:
            assert [feedback.sequence[0] async for feedback in running] == list(range(5))
            assert list((await running.result()).sequence) == SEQUENCE

    run_action(test)


def test_a_result_may_be_filled(run_action: RunAction) -> None:
    """A coroutine that returns None has filled it, or leaves it empty."""

    async def execute(goal: Goal) -> None:
        if goal.request.order:
            goal.result.sequence = SEQUENCE

    async def test(server: Node, client: Client) -> None:
        serve(server, execute)
        assert await outcome(client) == (GoalStatus.STATUS_SUCCEEDED, SEQUENCE)
        assert await outcome(client, 0) == (GoalStatus.STATUS_SUCCEEDED, [])

    run_action(test)


async def raise_error(goal: Goal) -> None:
    """Fill the result, and fail."""
    goal.result.sequence = SEQUENCE
    await asyncio.sleep(0)
    raise LookupError("on purpose")


async def return_something_else(goal: Goal) -> Any:
    """Return what is no result."""
    return Fibonacci.Feedback()


async def return_a_wrong_field(goal: Goal) -> Fibonacci.Result:
    """Return a result that cannot be sent."""
    result = Fibonacci.Result()
    result._sequence = "abc"
    return result


@functools.wraps(wait_for_ever)
def no_coroutine(goal: Goal) -> Fibonacci.Result:
    """Be a plain function that looks like a coroutine function."""
    return RESULT


@pytest.mark.parametrize(
    ("execute", "said", "sequence"),
    [
        (raise_error, "LookupError: on purpose", SEQUENCE),
        (return_something_else, "TypeError: A result of action 'action' is expected", []),
        (return_a_wrong_field, "TypeError: sequence: expected", []),
        (no_coroutine, "is no coroutine function: it returned", []),
    ],
)
def test_a_goal_is_aborted(
    run_action: RunAction, capfd: Any, execute: Any, said: str, sequence: list[int]
) -> None:
    """By any exception, of which the log tells; with the result as far as it is filled."""

    async def test(server: Node, client: Client) -> None:
        serve(server, execute)
        assert await outcome(client) == (GoalStatus.STATUS_ABORTED, sequence)

    run_action(test)
    logged = capfd.readouterr().err
    assert "of action 'action' is aborted: Traceback" in logged
    assert said in logged


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_server_may_refuse(run_action: RunAction, capfd: Any, kind: str) -> None:
    """Goals, and cancellations."""

    def take_ones(request: Fibonacci.Goal) -> GoalResponse:
        return GoalResponse.ACCEPT if request.order == 1 else GoalResponse.REJECT

    async def take_ones_async(request: Fibonacci.Goal) -> GoalResponse:
        return take_ones(request)

    def refuse(goal: Goal) -> CancelResponse:
        assert goal.request.order == 1
        return CancelResponse.REJECT

    async def refuse_async(goal: Goal) -> CancelResponse:
        return refuse(goal)

    async def test(server: Node, client: Client) -> None:
        gate = asyncio.Event()

        async def execute(goal: Goal) -> Fibonacci.Result:
            await gate.wait()
            return RESULT

        serve(
            *(server, execute),
            goal_callback=take_ones if kind == "plain" else take_ones_async,
            cancel_callback=refuse if kind == "plain" else refuse_async,
        )
        with pytest.raises(aiorcl.GoalRejectedError):
            await outcome(client, 2)
        async with aiorcl.goal(client, Fibonacci.Goal(order=1)) as running:
            assert not await running.cancel()
            gate.set()
            assert list((await running.result()).sequence) == SEQUENCE

    run_action(test)


def test_a_server_wants_a_coroutine(lone: Node) -> None:
    """What cannot be called is refused at once."""
    with pytest.raises(TypeError, match="takes a coroutine function"):
        serve(lone, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [SetBool, String, Fibonacci.Goal, None, "test_msgs/Fibonacci"])
def test_the_type_is_that_of_an_action(lone: Node, kind: Any) -> None:
    """A service or a message is refused at once; rclpy's server would crash."""

    async def execute(goal: object) -> None:
        pass

    with pytest.raises(TypeError, match="takes an action class"):
        aiorcl.serve_action(lone, kind, "action", execute)


@pytest.mark.filterwarnings("ignore:Deprecated in favor of")  # rclpy's own logger.warn()
def test_another_executor_cannot_execute(context: Context, lone: Node, capfd: Any) -> None:
    """There is no asyncio: the goal is aborted, and the log says what is missing."""
    serve(lone, wait_for_ever)
    client = ActionClient(lone, Fibonacci, "action")
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(lone)
    goal = client.send_goal_async(Fibonacci.Goal())
    executor.spin_until_future_complete(goal, timeout_sec=10)
    result = goal.result().get_result_async()
    executor.spin_until_future_complete(result, timeout_sec=10)
    assert result.result().status == GoalStatus.STATUS_ABORTED
    executor.shutdown()
    assert "its node must be on an AsyncioExecutor" in capfd.readouterr().err
