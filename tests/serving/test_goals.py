# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The end of goals that are cancelled with their executor, and what an idle server costs.

from __future__ import annotations

import asyncio
import contextlib
import gc
from types import CoroutineType
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.context import Context
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor
from tests.support import ends
from tests.support.actions import SEQUENCE, serve_action
from tests.support.threads import answer

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run


class Endless:
    """An action server whose goals never end by themselves."""

    def __init__(self, node: Node) -> None:
        self.begun = asyncio.Event()
        self.server = ActionServer(
            node, Fibonacci, "action", self.execute, cancel_callback=lambda _: CancelResponse.ACCEPT
        )

    async def execute(self, goal: Any) -> Fibonacci.Result:
        """Wait for ever."""
        self.begun.set()
        await asyncio.Event().wait()
        raise AssertionError


async def begin(client: ActionClient[Any, Any, Any], endless: Endless, *, cancelled: bool) -> Any:
    """Let a goal begin, and return the future of its result."""
    handle = await client.send_goal_async(Fibonacci.Goal())
    assert handle is not None
    await endless.begun.wait()
    if cancelled:
        await handle.cancel_goal_async()
    return handle.get_result_async()


ENDINGS = pytest.mark.parametrize(
    ("cancelled", "status"),
    [(False, GoalStatus.STATUS_ABORTED), (True, GoalStatus.STATUS_CANCELED)],
    ids=["aborted", "canceled"],
)


async def asked_for_result(node: Node) -> None:
    """Wait until the server of a node has the request for the result of its goal."""
    server = next(w for w in node.waitables if isinstance(w, ActionServer))
    goals = list(server._result_futures.values())
    while not any(goal._callbacks for goal in goals):  # noqa: ASYNC110
        await asyncio.sleep(0)


@ENDINGS
@pytest.mark.parametrize("way", ["remove_node", "block"])
def test_the_end_of_the_executor_ends_a_goal(
    run: Run, context: Context, make_node: MakeNode, cancelled: bool, status: int, way: str
) -> None:
    """As does the removal of the node: the client gets a result, canceled if it asked for that."""

    async def main() -> None:
        node, asker = make_node(), make_node()
        client = ActionClient(asker, Fibonacci, "action")
        async with (
            AsyncioExecutor(context=context) as other,
            contextlib.AsyncExitStack() as block,
        ):
            other.add_node(asker)
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            endless = Endless(node)
            executor.add_node(node)
            result = await begin(client, endless, cancelled=cancelled)
            await asked_for_result(node)
            await ends.end(way, executor, node, endless.server, block=block, thread=False)
            assert (await result).status == status

    run(main)


def test_a_goal_that_never_began_is_aborted(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """Also a goal whose execution was still to begin gets its end."""

    async def main() -> None:
        node, asker = make_node(), make_node()
        client = ActionClient(asker, Fibonacci, "action")
        async with AsyncioExecutor(context=context) as other:
            other.add_node(asker)
            accepted: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            async with AsyncioExecutor(context=context) as executor:
                ActionServer(
                    *(node, Fibonacci, "action", succeed),  # never called
                    handle_accepted_callback=accepted.set_result,
                )
                executor.add_node(node)
                handle = await client.send_goal_async(Fibonacci.Goal())
                assert handle is not None
                result = handle.get_result_async()
                await asked_for_result(node)
                (await accepted).execute()  # in the queue, and there is no turn for it
            response = await result
            assert response is not None
            assert response.status == GoalStatus.STATUS_ABORTED

    run(main)


def test_a_coroutine_cancels_its_goal_at_the_end(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """Responses are still taken while the executor ends: to cancel a goal is a good last deed."""

    async def main() -> None:
        node, asker = make_node(), make_node()
        client = ActionClient(asker, Fibonacci, "action")
        codes: list[int] = []
        begun = asyncio.Event()

        async def callback(_: Int64) -> None:
            handle = await client.send_goal_async(Fibonacci.Goal(order=0))
            assert handle is not None
            begun.set()
            try:
                await handle.get_result_async()
            finally:
                response = await handle.cancel_goal_async()
                assert response is not None
                codes.append(response.return_code)

        async with AsyncioExecutor(context=context) as other:
            serve_action(node)
            other.add_node(node)
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(asker)
                asker.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
                asker.create_publisher(Int64, "topic", 10).publish(Int64())
                await begun.wait()
        assert codes == [0]

    run(main)


def test_an_execute_callback_awaits_what_it_likes(run: Run, context: Context, lone: Node) -> None:
    """Services, and goals of its own server, within the default groups of strict nodes."""

    async def main() -> None:
        async with AsyncioExecutor(context=context, strict_groups=True) as executor:
            executor.add_node(lone)
            lone.create_service(Trigger, "service", answer)
            service = lone.create_client(Trigger, "service")
            client = ActionClient(lone, Fibonacci, "action")

            async def execute(goal: Any) -> Fibonacci.Result:
                response = await service.call_async(Trigger.Request())
                assert response is not None
                sequence = [int(response.success)]
                if goal.request.order > 0:
                    inner = await client.send_goal_async(
                        Fibonacci.Goal(order=goal.request.order - 1)
                    )
                    sequence += (await inner.get_result_async()).result.sequence
                goal.succeed()
                return Fibonacci.Result(sequence=sequence)

            ActionServer(lone, Fibonacci, "action", execute)
            handle = await client.send_goal_async(Fibonacci.Goal(order=3))
            assert handle is not None
            response = await handle.get_result_async()
            assert response is not None
            assert list(response.result.sequence) == [1] * 4

    run(main)


def succeed(goal: Any) -> Fibonacci.Result:
    """Execute a goal at once."""
    goal.succeed()
    return Fibonacci.Result(sequence=SEQUENCE)


def test_a_server_without_goals_has_no_timer(context: Context, lone: Node) -> None:
    """The timer of expiry is in the queue while a result is kept, and not before or after."""
    server = ActionServer(
        *(lone, Fibonacci, "action", succeed),
        result_timeout=3600,
    )
    client = ActionClient(lone, Fibonacci, "action")
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        dispatcher = executor._dispatcher
        for _ in range(10):
            executor.spin_once(timeout_sec=0)
        assert dispatcher.next_due_in() is None
        goal = client.send_goal_async(Fibonacci.Goal())
        executor.spin_until_future_complete(goal)
        result = goal.result().get_result_async()
        executor.spin_until_future_complete(result)
        assert result.done()
        for _ in range(10):
            executor.spin_once(timeout_sec=0)
        due = dispatcher.next_due_in()
        assert isinstance(due, float)
        assert 3000 < due <= 3600
        server.destroy()
        assert dispatcher.next_due_in() is None


def test_an_execution_that_has_not_begun(context: Context, lone: Node) -> None:
    """It is no coroutine yet, which would complain if it went with an executor that is dropped."""
    coroutines: list[str] = []

    def accepted(goal: Any) -> None:
        goal.execute()
        coroutines.extend(
            each.__qualname__
            for each in gc.get_objects()
            if type(each) is CoroutineType
            and each.cr_frame is not None
            and each.cr_frame.f_locals.get("self") is server  # others may have been left
        )

    server = ActionServer(
        lone, Fibonacci, "action", serve_nothing, handle_accepted_callback=accepted
    )
    client = ActionClient(lone, Fibonacci, "action")
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        handle = client.send_goal_async(Fibonacci.Goal())
        executor.spin_until_future_complete(handle, 10)
        assert "ActionServer._execute_goal_request" in coroutines
        assert "ActionServer._execute_goal" not in coroutines
        goal = handle.result()
        assert goal is not None
        result = goal.get_result_async()
        executor.spin_until_future_complete(result, 10)
        assert result.done()


def serve_nothing(goal: Any) -> Fibonacci.Result:
    """Succeed at once."""
    goal.succeed()
    return Fibonacci.Result()


def test_a_server_executes_a_goal_by_the_callback_that_it_has(
    run: Run, context: Context, lone: Node
) -> None:
    """Whoever notifies it may leave the callback out, as of newer rclpy, or give none."""
    accepted: list[Any] = []

    async def main() -> None:
        server = ActionServer(
            *(lone, Fibonacci, "action", serve_nothing), handle_accepted_callback=accepted.append
        )
        client = ActionClient(lone, Fibonacci, "action")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for given in ((), (None,)):
                handle = await client.send_goal_async(Fibonacci.Goal())
                assert handle is not None
                accepted[-1]._update_state(_rclpy.GoalEvent.EXECUTE)
                server.notify_execute(accepted[-1], *given)
                assert (await handle.get_result_async()).status == GoalStatus.STATUS_SUCCEEDED

    run(main)


def test_a_server_without_an_execute_callback(run: Run, context: Context, lone: Node) -> None:
    """As newer rclpy allows it: who has accepted the goal ends it, and nothing is raised."""

    async def main() -> None:
        server: Any = ActionServer(lone, Fibonacci, "action", serve_nothing)
        del server._execute_callback
        client = ActionClient(lone, Fibonacci, "action")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            handle = await client.send_goal_async(Fibonacci.Goal())
            assert handle is not None
            assert handle.accepted

    run(main)


def fails(*_: object) -> None:
    """Raise, as a callback."""
    raise LookupError("On purpose")


async def fails_later(*_: object) -> None:
    """The same, as a coroutine."""
    fails()


@pytest.mark.parametrize("callback", [fails, fails_later])
@pytest.mark.parametrize(
    ("which", "part"),
    [
        ("goal_callback", "goal request of action server"),
        ("handle_accepted_callback", "goal request of action server"),
        ("cancel_callback", "cancel request of action server"),
        ("feedback_callback", "feedback of action client"),
    ],
)
def test_an_error_of_a_callback_names_the_action(
    run: Run, context: Context, lone: Node, which: str, part: str, callback: Any
) -> None:
    """And the node."""

    async def main() -> None:
        options = {} if which == "feedback_callback" else {which: callback}

        async def execute(goal: Any) -> Fibonacci.Result:
            goal.publish_feedback(Fibonacci.Feedback())
            await asyncio.Event().wait()
            raise AssertionError

        ActionServer(lone, Fibonacci, "action", execute, **options)
        client = ActionClient(lone, Fibonacci, "action")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            feedback = callback if which == "feedback_callback" else None
            goal = await client.send_goal_async(Fibonacci.Goal(), feedback_callback=feedback)
            assert goal is not None
            await goal.cancel_goal_async()
            await executor.wait_for_shutdown()

    with pytest.raises(LookupError) as raised:
        run(main)
    name = lone.get_fully_qualified_name()
    assert raised.value.__notes__ == [f"In {part} '/action' of node '{name}'"]
