# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Action clients and servers: goals, feedback, results, cancellation.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse, ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

from tests.support.actions import SEQUENCE, serve_action
from tests.support.executors import breaks, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode

    Goal = ServerGoalHandle[Any, Any, Any]

UNTIL_CANCELLED = Fibonacci.Goal(order=0)
AT_ONCE = Fibonacci.Goal(order=1)


@pytest.fixture
def client(node: Node) -> ActionClient[Any, Any, Any]:
    """An action client on the executor."""
    return ActionClient(node, Fibonacci, "action")


def send(
    client: ActionClient[Any, Any, Any], spin: Spinner, goal: Fibonacci.Goal, **options: Any
) -> ClientGoalHandle[Any, Any, Any]:
    """Send a goal and wait for the answer."""
    handle = spin.complete(client.send_goal_async(goal, **options))
    assert isinstance(handle, ClientGoalHandle)
    return handle


def result_of(handle: ClientGoalHandle[Any, Any, Any], spin: Spinner) -> tuple[int, list[int]]:
    """Wait for the result of a goal."""
    response = spin.complete(handle.get_result_async())
    return response.status, list(response.result.sequence)


SUCCEEDED = (GoalStatus.STATUS_SUCCEEDED, SEQUENCE)


def succeed(goal: Goal) -> Fibonacci.Result:
    """Execute a goal at once."""
    goal.succeed()
    return Fibonacci.Result(sequence=SEQUENCE)


def test_a_goal_succeeds(node: Node, spin: Spinner) -> None:
    """Client and server are made while their node is on the executor, and work."""
    serve_action(node)
    client = ActionClient(node, Fibonacci, "action")
    handle = send(client, spin, AT_ONCE)
    assert handle.accepted
    assert result_of(handle, spin) == SUCCEEDED
    spin.until(lambda: handle.status == GoalStatus.STATUS_SUCCEEDED)


def test_a_goal_from_before_add_node(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """A goal that was sent before the nodes had an executor is handled when they have one."""
    server, asker = make_node(), make_node()
    serve_action(server)
    client = ActionClient(asker, Fibonacci, "action")
    goal = client.send_goal_async(AT_ONCE)
    executor.add_node(server)
    executor.add_node(asker)
    assert spin.complete(goal).accepted


def test_many_goals(node: Node, client: ActionClient[Any, Any, Any], spin: Spinner) -> None:
    """Of many goals each gets its own answer and result."""

    async def execute(goal: Goal) -> Fibonacci.Result:
        goal.succeed()
        return Fibonacci.Result(sequence=[goal.request.order])

    ActionServer(node, Fibonacci, "action", execute)
    futures = [client.send_goal_async(Fibonacci.Goal(order=order)) for order in range(10)]
    results = [spin.complete(future).get_result_async() for future in futures]
    assert [list(spin.complete(result).result.sequence) for result in results] == [
        [order] for order in range(10)
    ]


def test_a_plain_execute_callback(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner
) -> None:
    """It may publish feedback while it blocks, and all of it arrives in order."""

    def execute(goal: Goal) -> Fibonacci.Result:
        for number in range(5):
            goal.publish_feedback(Fibonacci.Feedback(sequence=[number]))
        return succeed(goal)

    received: list[int] = []
    ActionServer(node, Fibonacci, "action", execute)
    handle = send(
        *(client, spin, AT_ONCE),
        feedback_callback=lambda message: received.append(message.feedback.sequence[0]),
    )
    spin.until(lambda: len(received) == 5)
    assert received == list(range(5))
    assert result_of(handle, spin) == SUCCEEDED


@breaks(events="has no callback groups")
def test_a_coroutine_feedback_callback(
    node: Node, executor: Executor, client: ActionClient[Any, Any, Any], spin: Spinner
) -> None:
    """It is called for each feedback, and never beside itself."""
    received: list[int] = []
    ended: list[int] = []
    gate = new_future(executor)

    async def feedback(message: Any) -> None:
        received.append(message.feedback.sequence[0])
        await gate
        ended.append(message.feedback.sequence[0])

    def execute(goal: Goal) -> Fibonacci.Result:
        for number in range(3):
            goal.publish_feedback(Fibonacci.Feedback(sequence=[number]))
        return succeed(goal)

    ActionServer(node, Fibonacci, "action", execute)
    client.send_goal_async(AT_ONCE, feedback_callback=feedback)  # type: ignore[arg-type]
    spin.until(lambda: received)
    gate.set_result(None)
    executor.wake()
    spin.until(lambda: len(ended) == 3)
    assert received == ended == list(range(3))


@lacks(single="the group of the client holds the result back")
def test_a_feedback_callback_awaits_the_result(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner
) -> None:
    """What completes a future is held back by no group, also not by that of the feedback."""
    results: list[list[int]] = []

    async def feedback(message: Any) -> None:
        response = await handle.get_result_async()
        assert response is not None
        results.append(list(response.result.sequence))

    async def execute(goal: Goal) -> Fibonacci.Result:
        goals.append(goal)
        await started
        goal.publish_feedback(Fibonacci.Feedback(sequence=[1]))
        return succeed(goal)

    goals: list[Goal] = []
    started = new_future(spin.executor)
    ActionServer(node, Fibonacci, "action", execute)
    handle = send(client, spin, AT_ONCE, feedback_callback=feedback)
    started.set_result(None)
    spin.executor.wake()
    spin.until(lambda: results)
    assert results == [SEQUENCE]


@breaks(events_jazzy="drops the coroutine")
@lacks(single="the group holds the responses back")
def test_a_callback_awaits_a_goal_of_its_own_group(node: Node, spin: Spinner) -> None:
    """A callback may await everything of an action whose client is in its own group."""
    group = MutuallyExclusiveCallbackGroup()
    results: list[list[int]] = []
    client = ActionClient(node, Fibonacci, "action", callback_group=group)

    async def callback(_: Int64) -> None:
        handle = await client.send_goal_async(AT_ONCE)
        assert handle is not None
        response = await handle.get_result_async()
        assert response is not None
        results.append(list(response.result.sequence))

    serve_action(node)
    node.create_subscription(Int64, "topic", callback, 10, callback_group=group)  # type: ignore[arg-type]
    node.create_publisher(Int64, "topic", 10).publish(Int64())
    spin.until(lambda: results)
    assert results == [SEQUENCE]


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_goal_is_rejected(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner, kind: str
) -> None:
    """The goal callback decides."""

    def reject(request: Fibonacci.Goal) -> GoalResponse:
        return GoalResponse.REJECT if request.order == 0 else GoalResponse.ACCEPT

    async def reject_async(request: Fibonacci.Goal) -> GoalResponse:
        return reject(request)

    ActionServer(
        *(node, Fibonacci, "action", succeed),
        goal_callback=reject if kind == "plain" else reject_async,  # type: ignore[arg-type]
    )
    assert not send(client, spin, UNTIL_CANCELLED).accepted
    assert send(client, spin, AT_ONCE).accepted


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_goal_is_cancelled(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner, kind: str
) -> None:
    """The execute callback sees the request, and the client its answer and the result."""

    def accept(_: Goal) -> CancelResponse:
        return CancelResponse.ACCEPT

    async def accept_async(goal: Goal) -> CancelResponse:
        return accept(goal)

    server = serve_action(node)
    server.register_cancel_callback(accept if kind == "plain" else accept_async)  # type: ignore[arg-type]
    handle = send(client, spin, UNTIL_CANCELLED)
    answer = spin.complete(handle.cancel_goal_async())
    assert answer.return_code == CancelGoal.Response.ERROR_NONE
    assert [info.goal_id for info in answer.goals_canceling] == [handle.goal_id]
    assert result_of(handle, spin) == (GoalStatus.STATUS_CANCELED, SEQUENCE)


def test_a_cancellation_is_rejected(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner, executor: Executor
) -> None:
    """Without a cancel callback nothing is cancelled."""
    gate = new_future(executor)

    async def execute(goal: Goal) -> Fibonacci.Result:
        await gate
        return succeed(goal)

    ActionServer(node, Fibonacci, "action", execute)
    handle = send(client, spin, UNTIL_CANCELLED)
    assert not spin.complete(handle.cancel_goal_async()).goals_canceling
    gate.set_result(None)
    executor.wake()
    assert result_of(handle, spin) == SUCCEEDED


def test_a_goal_is_aborted(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner, capfd: Any
) -> None:
    """By the execute callback: because it says so, or nothing, or raises."""

    def execute(goal: Goal) -> Fibonacci.Result:
        if goal.request.order == 1:
            goal.abort()
        if goal.request.order == 3:
            raise LookupError("on purpose")
        return Fibonacci.Result(sequence=SEQUENCE)

    ActionServer(node, Fibonacci, "action", execute)
    for order, sequence in ((1, SEQUENCE), (2, SEQUENCE), (3, [])):
        handle = send(client, spin, Fibonacci.Goal(order=order))
        assert result_of(handle, spin) == (GoalStatus.STATUS_ABORTED, sequence)
    assert "LookupError: on purpose" in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
def test_a_goal_is_deferred(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner, kind: str
) -> None:
    """With a callback for accepted goals the server executes them when it likes."""
    accepted: list[Goal] = []

    async def append(goal: Goal) -> None:
        accepted.append(goal)

    ActionServer(
        *(node, Fibonacci, "action", succeed),
        handle_accepted_callback=accepted.append if kind == "plain" else append,  # type: ignore[arg-type]
    )
    handle = send(client, spin, AT_ONCE)
    result = handle.get_result_async()
    spin.until(lambda: accepted)
    spin.drain()
    assert not result.done()
    accepted[0].execute()
    assert spin.complete(result).status == GoalStatus.STATUS_SUCCEEDED


def test_goals_run_side_by_side(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner, executor: Executor
) -> None:
    """Coroutines of several goals take turns."""
    gate = new_future(executor)
    begun: list[int] = []

    async def execute(goal: Goal) -> Fibonacci.Result:
        begun.append(goal.request.order)
        await gate
        return succeed(goal)

    ActionServer(node, Fibonacci, "action", execute)
    handles = [send(client, spin, Fibonacci.Goal(order=order)) for order in range(3)]
    spin.until(lambda: len(begun) == 3)
    gate.set_result(None)
    executor.wake()
    assert [result_of(handle, spin) for handle in handles] == [SUCCEEDED] * 3


def test_a_result_is_asked_for_late(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner
) -> None:
    """The result of a goal that has ended is kept, for whoever asks, as often as one asks."""
    serve_action(node)
    handle = send(client, spin, AT_ONCE)
    spin.until(lambda: handle.status == GoalStatus.STATUS_SUCCEEDED)
    for _ in range(2):
        assert result_of(handle, spin) == SUCCEEDED


@breaks(events_kilted="crashes the process")
@pytest.mark.filterwarnings("ignore:Deprecated in favor of")  # rclpy's own logger.warn()
def test_a_result_expires(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner, executor: Executor
) -> None:
    """After its time the server forgets it, without being asked for anything."""
    server = ActionServer(node, Fibonacci, "action", succeed, result_timeout=0)
    handle = send(client, spin, AT_ONCE)
    spin.until(lambda: handle.status == GoalStatus.STATUS_SUCCEEDED)
    spin.discover(lambda: not server._goal_handles)
    assert result_of(handle, spin) == (GoalStatus.STATUS_UNKNOWN, [])


def test_two_clients(node: Node, spin: Spinner) -> None:
    """Each client gets the answers to its own goals, and no complaint about those of others."""
    serve_action(node)
    clients = [ActionClient(node, Fibonacci, "action") for _ in range(2)]
    handles = [send(client, spin, AT_ONCE) for client in clients]
    assert [result_of(handle, spin) for handle in handles] == [SUCCEEDED] * 2


@pytest.mark.filterwarnings("ignore:failed to send response")  # rclpy's, to whom it may concern
def test_a_client_goes_while_its_goal_is_executed(
    node: Node, client: ActionClient[Any, Any, Any], spin: Spinner
) -> None:
    """The server goes on, and so does another client."""
    serve_action(node)
    send(client, spin, AT_ONCE)
    client.send_goal_async(AT_ONCE)
    client.destroy()
    other = ActionClient(node, Fibonacci, "action")
    assert result_of(send(other, spin, AT_ONCE), spin) == SUCCEEDED
