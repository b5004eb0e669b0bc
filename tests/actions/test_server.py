# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A goal as a coroutine: however it ends, the client gets an answer.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import CancelResponse, GoalResponse
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.actions import SEQUENCE
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.actions.conftest import RunAction
    from tests.support.makers import MakeNode, Run

    Goal = aiorcl.ServedGoal[Any, Any, Any]
    Client = ActionClient[Any, Any, Any]

RESULT = Fibonacci.Result(sequence=SEQUENCE)


async def wait_for_ever(goal: Goal) -> None:
    """Fill the result, and wait."""
    goal.result.sequence = SEQUENCE
    await asyncio.Event().wait()


def serve(server: Node, execute: Callable[[Goal], Any], **options: Any) -> Any:
    """Offer the action."""
    return aiorcl.serve_action(server, Fibonacci, "action", execute, **options)


async def outcome(client: Client, order: int = 1) -> tuple[int, list[int]]:
    """Send a goal, wait for its end, and return its status and result."""
    async with aiorcl.goal(client, Fibonacci.Goal(order=order)) as running:
        try:
            result = await running.result()
        except aiorcl.GoalError as error:
            return error.status, list(error.result.sequence)
        return running.status, list(result.sequence)


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


def no_coroutine(goal: Goal) -> Fibonacci.Result:
    """Be a plain function."""
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
    """Aborted, or canceled if a client had asked for that."""

    async def main() -> None:
        server, asker = make_node(), make_node()
        client = ActionClient(asker, Fibonacci, "action")
        begun = asyncio.Event()
        stopping = asyncio.Event()

        async def execute(goal: Goal) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopping.set()
                if cancelled:
                    await asyncio.Event().wait()  # does not care for the client

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


def test_a_server_wants_a_coroutine(lone: Node) -> None:
    """What cannot be called is refused at once."""
    with pytest.raises(TypeError, match="execute must be a coroutine function"):
        serve(lone, None)  # type: ignore[arg-type]


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
