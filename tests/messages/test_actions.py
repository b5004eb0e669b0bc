# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Where actions of an executor's nodes meet the conversion: what they send and take.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, ServerGoalHandle
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from test_msgs.action import Fibonacci
from unique_identifier_msgs.msg import UUID

from aiorcl import AsyncioExecutor
from tests.support.actions import SEQUENCE, serve_action
from tests.support.makers import MakeNode
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.context import Context

    Goal = ServerGoalHandle[Any, Any, Any]

AT_ONCE = Fibonacci.Goal(order=1)


def ask(
    node: Node, spin: Spinner, **options: Any
) -> tuple[ActionClient[Any, Any, Any], Callable[[], tuple[int, list[int]]]]:
    """Return a client, and what sends a goal and returns the status and the result."""
    client = ActionClient(node, Fibonacci, "action")
    spin.discover(client.server_is_ready)

    def result() -> tuple[int, list[int]]:
        handle = spin.complete(client.send_goal_async(AT_ONCE, **options))
        response = spin.complete(handle.get_result_async())
        return response.status, list(response.result.sequence)

    return client, result


def succeed(goal: Goal) -> Fibonacci.Result:
    """Execute a goal at once."""
    goal.succeed()
    return Fibonacci.Result(sequence=SEQUENCE)


SUCCEEDED = (GoalStatus.STATUS_SUCCEEDED, SEQUENCE)


@pytest.fixture(params=["plans", "rclpy"])
def executor(
    context: Context, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """An executor on a loop of its own, with and without plans."""
    monkeypatch.setenv("AIORCL_CONVERSION", request.param)
    with AsyncioExecutor(context=context) as executor:
        yield executor


def test_a_wrong_goal(node: Node, spin: Spinner) -> None:
    """The exception comes out of send_goal_async, and no goal is pending."""
    serve_action(node)
    client, result = ask(node, spin)
    goal = Fibonacci.Goal()
    goal._order = "many"
    expected = r"^goal\.order: expected int, got str\nIn a goal of action client '/action'$"
    with pytest.raises(TypeError, match=expected):
        client.send_goal_async(goal)
    assert not client._pending_goal_requests
    assert result() == SUCCEEDED


def test_a_wrong_id(node: Node, spin: Spinner) -> None:
    """So does that of a goal's id."""
    serve_action(node)
    client, _ = ask(node, spin)
    uuid = UUID()
    uuid._uuid = [1, 2, 3]  # on purpose
    with pytest.raises(ValueError, match=r"^goal_id\.uuid: .*16"):
        client.send_goal_async(AT_ONCE, goal_uuid=uuid)


def test_wrong_feedback(node: Node, spin: Spinner) -> None:
    """The exception comes out of publish_feedback; what was right before and after it arrives."""
    received: list[list[int]] = []
    errors: list[str] = []

    def execute(goal: Goal) -> Fibonacci.Result:
        for number in (1, "two", 3):
            feedback = Fibonacci.Feedback()
            feedback._sequence = [number]
            try:
                goal.publish_feedback(feedback)
            except TypeError as error:
                errors.extend([str(error), *error.__notes__])
        return succeed(goal)

    ActionServer(node, Fibonacci, "action", execute)
    _, result = ask(
        *(node, spin),
        feedback_callback=lambda message: received.append(list(message.feedback.sequence)),
    )
    assert result() == SUCCEEDED
    spin.until(lambda: len(received) == 2)
    assert received == [[1], [3]]
    assert errors == [
        "feedback.sequence[0]: expected int, got str",
        "In feedback of action server '/action'",
    ]


@pytest.mark.parametrize("kind", ["function", "coroutine"])
def test_a_wrong_result(
    node: Node, spin: Spinner, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """It ends its goal as an exception of the execute callback does, and the client is answered."""

    def execute(goal: Goal) -> Fibonacci.Result:
        wrong = Fibonacci.Result()
        wrong._sequence = [1, 2**40]
        return wrong

    async def execute_async(goal: Goal) -> Fibonacci.Result:
        return execute(goal)

    ActionServer(node, Fibonacci, "action", execute if kind == "function" else execute_async)
    _, result = ask(node, spin)
    assert result() == (GoalStatus.STATUS_ABORTED, [])
    said = capfd.readouterr().err
    assert "sequence[1]: " in said
    name = node.get_fully_qualified_name()
    assert f"\nIn the execute callback of action server '/action' of node '{name}'\n" in said


def test_no_result(node: Node, spin: Spinner, capfd: pytest.CaptureFixture[str]) -> None:
    """To forget it is a wrong result, too; the goal is what the callback said."""
    ActionServer(node, Fibonacci, "action", lambda goal: goal.succeed())
    _, result = ask(node, spin)
    assert result() == (GoalStatus.STATUS_SUCCEEDED, [])
    words = "action server '/action' returned None, not a result: write 'return Fibonacci.Result()'"
    assert words in capfd.readouterr().err


@pytest.mark.parametrize("client_of", ["aiorcl", "rclpy"])
@pytest.mark.parametrize("server_of", ["aiorcl", "rclpy"])
@pytest.mark.parametrize("conversion", ["plans", "rclpy"])
def test_it_is_the_same_for_the_other_side(
    context: Context,
    make_node: MakeNode,
    monkeypatch: pytest.MonkeyPatch,
    client_of: str,
    server_of: str,
    conversion: str,
) -> None:
    """Goals, feedback, results, status and cancellation, with rclpy on the other side or not."""
    monkeypatch.setenv("AIORCL_CONVERSION", conversion)
    executors: dict[str, Executor] = {
        "aiorcl": AsyncioExecutor(context=context),
        "rclpy": SingleThreadedExecutor(context=context),
    }
    server_node, client_node = make_node(), make_node()
    executors[server_of].add_node(server_node)
    executors[client_of].add_node(client_node)
    goals: list[Fibonacci.Goal] = []
    feedback: list[Any] = []

    def until(condition: Callable[[], object]) -> None:
        for _ in range(10_000):
            if condition():
                return
            for executor in executors.values():
                executor.spin_once(timeout_sec=0.001)
        pytest.fail("It did not happen")

    def execute(goal: Goal) -> Fibonacci.Result:
        goals.append(goal.request)
        goal.publish_feedback(Fibonacci.Feedback(sequence=[7]))
        return succeed(goal)

    ActionServer(server_node, Fibonacci, "action", execute)
    client = ActionClient(client_node, Fibonacci, "action")
    until(client.server_is_ready)
    accepted = client.send_goal_async(AT_ONCE, feedback_callback=feedback.append)
    until(accepted.done)
    handle = accepted.result()
    assert handle is not None
    result = handle.get_result_async()
    until(lambda: result.done() and feedback)
    until(lambda: handle.status == GoalStatus.STATUS_SUCCEEDED)
    assert goals == [AT_ONCE]
    assert feedback == [
        Fibonacci.Impl.FeedbackMessage(
            goal_id=handle.goal_id, feedback=Fibonacci.Feedback(sequence=[7])
        )
    ]
    assert result.result() == Fibonacci.Impl.GetResultService.Response(
        status=GoalStatus.STATUS_SUCCEEDED, result=Fibonacci.Result(sequence=SEQUENCE)
    )
    cancelled = handle.cancel_goal_async()
    until(cancelled.done)
    answer = cancelled.result()
    assert answer is not None
    assert answer.return_code == answer.ERROR_GOAL_TERMINATED
    for executor in executors.values():
        executor.shutdown()


def waits_for_result(server: ActionServer[Any, Any, Any]) -> bool:
    """True while the server has taken a request for the result of its one goal."""
    return any(future._callbacks for future in server._result_futures.values())


def test_a_node_changes_executors_before_its_result(context: Context, make_node: MakeNode) -> None:
    """The request was taken under one executor, and is answered under the next, also rclpy's."""
    asker, server_node = make_node(), make_node()
    goals: list[Goal] = []
    server = ActionServer(
        *(server_node, Fibonacci, "action", succeed), handle_accepted_callback=goals.append
    )
    client = ActionClient(asker, Fibonacci, "action")
    first = AsyncioExecutor(context=context)
    first.add_node(server_node)
    first.add_node(asker)
    spin = Spinner(first, 10)
    handle = spin.complete(client.send_goal_async(AT_ONCE))
    result = handle.get_result_async()
    spin.until(lambda: waits_for_result(server))
    first.remove_node(server_node)
    second = SingleThreadedExecutor(context=context)
    second.add_node(server_node)
    goals[0].execute()
    Spinner(second, 10).until(lambda: not waits_for_result(server))
    assert spin.complete(result).status == GoalStatus.STATUS_SUCCEEDED
    second.shutdown()
    first.shutdown()


def test_a_destroyed_client(node: Node, spin: Spinner) -> None:
    """What it sends raises what rclpy raises."""
    serve_action(node)
    client, _ = ask(node, spin)
    client.destroy()
    spin.drain()
    with pytest.raises(_rclpy.RCLError, match="client"):
        client.send_goal_async(AT_ONCE)
