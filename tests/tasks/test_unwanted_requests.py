# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Goals that nobody awaits any more: they are cancelled, and nothing of them is left.

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.context import Context
from rclpy.task import Future
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, action_ready
from tests.support.actions import nothing_is_pending
from tests.support.turns import turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from tests.support.makers import MakeNode, Run


GOAL = Fibonacci.Goal()


class Scene:
    """An action server whose goals end only when they are cancelled, and a client of it."""

    def __init__(self, context: Context, make_node: MakeNode) -> None:
        self.context = context
        self.nodes = make_node(), make_node()
        self.begun = asyncio.Queue[Any]()
        self.answer = CancelResponse.ACCEPT
        self.asked_to_cancel = 0
        self.server = ActionServer(
            *(self.nodes[0], Fibonacci, "action", self.execute), cancel_callback=self.on_cancel
        )
        self.client = ActionClient(self.nodes[1], Fibonacci, "action")

    def on_cancel(self, goal: Any) -> CancelResponse:
        """Answer as the test wants it."""
        self.asked_to_cancel += 1
        return self.answer

    async def execute(self, goal: Any) -> Fibonacci.Result:
        """Run until the goal is cancelled, or the test wants no more."""
        self.begun.put_nowait(goal)
        while not goal.is_cancel_requested:  # noqa: ASYNC110
            await asyncio.sleep(0)
        goal.canceled()
        return Fibonacci.Result()

    async def send(self, **options: Any) -> Any:
        """Send a goal, and return its handle when it is executed."""
        handle = await self.client.send_goal_async(GOAL, **options)
        await self.begun.get()
        return handle

    async def status(self, handle: Any) -> int:
        """Ask for the result of a goal."""
        return int((await handle.get_result_async()).status)


@pytest.fixture
def run_scene(run: Run, context: Context, make_node: MakeNode) -> Any:
    """Run a test on a scene whose nodes are served."""

    def run_it(test: Any) -> None:
        async def main() -> None:
            scene = Scene(context, make_node)
            async with AsyncioExecutor(context=context) as executor:
                for node in scene.nodes:
                    executor.add_node(node)
                while not scene.client.server_is_ready():  # noqa: ASYNC110
                    await asyncio.sleep(0)
                await test(scene)
                await nothing_is_pending(scene.client)

        run(main)

    return run_it


async def cancel(awaiting: Coroutine[Any, Any, Any]) -> None:
    """Cancel a task after its first step, before the loop hears of any answer."""
    task = asyncio.ensure_future(awaiting)
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def waiting_for(ask: Callable[[], Any]) -> Any:
    """Ask, and await the answer."""
    return await ask()


def test_a_goal_whose_acceptance_nobody_awaits_is_cancelled(run_scene: Any, capfd: Any) -> None:
    """The server accepts it, for it does not know, and is asked to cancel it."""

    async def test(scene: Scene) -> None:
        await cancel(waiting_for(lambda: scene.client.send_goal_async(GOAL, lambda feedback: None)))
        goal = await scene.begun.get()
        while goal.is_active:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert goal.status == GoalStatus.STATUS_CANCELED

    run_scene(test)
    assert not capfd.readouterr().err


def test_a_goal_is_cancelled_in_whatever_turn_its_waiter_is(run_scene: Any) -> None:
    """Also in the one between the answer and the waking of the task: nobody has the handle."""

    async def cancelled_in(scene: Scene, turns: int) -> bool:
        task = asyncio.ensure_future(waiting_for(lambda: scene.client.send_goal_async(GOAL)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        goal = await scene.begun.get()
        if not task.cancelled():
            await task.result().cancel_goal_async()
        while goal.is_active:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert goal.status == GoalStatus.STATUS_CANCELED
        return task.cancelled()

    async def test(scene: Scene) -> None:
        turns = 1
        while await cancelled_in(scene, turns):
            turns += 1

    run_scene(test)


def test_a_goal_whose_result_nobody_awaits_is_cancelled(run_scene: Any, capfd: Any) -> None:
    """By a timeout, say. Who asks again is told so."""

    async def test(scene: Scene) -> None:
        handle = await scene.send(feedback_callback=lambda feedback: None)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await handle.get_result_async()
        assert await scene.status(handle) == GoalStatus.STATUS_CANCELED
        assert scene.asked_to_cancel == 1

    run_scene(test)
    assert not capfd.readouterr().err


def test_a_goal_goes_on_while_somebody_awaits_it(run_scene: Any) -> None:
    """Several tasks may await one result, and a shield holds the cancellation off."""

    async def test(scene: Scene) -> None:
        handle = await scene.send()
        result = handle.get_result_async()
        other = asyncio.ensure_future(waiting_for(lambda: result))
        await cancel(waiting_for(lambda: result))
        await cancel(waiting_for(lambda: asyncio.shield(other)))
        assert not scene.asked_to_cancel
        await handle.cancel_goal_async()
        assert (await other).status == GoalStatus.STATUS_CANCELED

    run_scene(test)


def test_who_cancels_the_goal_is_told_that_it_is_cancelled(run_scene: Any) -> None:
    """A goal that the cancelled coroutine cancels by itself is not cancelled before that."""

    async def test(scene: Scene) -> None:
        handle = await scene.send()
        codes: list[int] = []

        async def wait_and_clean_up() -> None:
            try:
                await handle.get_result_async()
            finally:
                codes.append((await handle.cancel_goal_async()).return_code)

        await cancel(wait_and_clean_up())
        assert codes == [CancelGoal.Response.ERROR_NONE]
        assert await scene.status(handle) == GoalStatus.STATUS_CANCELED
        assert scene.asked_to_cancel == 1

    run_scene(test)


def test_a_cancellation_that_nobody_awaits_is_made(run_scene: Any, capfd: Any) -> None:
    """The request is on its way, and its answer is no surprise."""

    async def test(scene: Scene) -> None:
        handle = await scene.send()
        await cancel(waiting_for(handle.cancel_goal_async))
        assert await scene.status(handle) == GoalStatus.STATUS_CANCELED

    run_scene(test)
    assert not capfd.readouterr().err


class Own(ActionClient):  # type: ignore[type-arg]  # not generic at run time on Jazzy
    """Notes what it forgets."""

    forgotten = 0

    def _remove_pending_goal_request(self, future: Any) -> None:
        self.forgotten += 1
        super()._remove_pending_goal_request(future)

    def _remove_pending_result_request(self, future: Any) -> None:
        self.forgotten += 1
        super()._remove_pending_result_request(future)


@pytest.mark.parametrize("awaited", ["acceptance", "result"])
def test_a_goal_of_a_subclass_of_the_client_is_cancelled(run_scene: Any, awaited: str) -> None:
    """By whatever methods it forgets its requests."""

    async def test(scene: Scene) -> None:
        client: Any = scene.client
        client.__class__ = Own
        if awaited == "acceptance":
            await cancel(waiting_for(lambda: client.send_goal_async(GOAL)))
            goal = await scene.begun.get()
            while goal.is_active:  # noqa: ASYNC110
                await asyncio.sleep(0)
        else:
            handle = await scene.send()
            await cancel(waiting_for(handle.get_result_async))
            assert await scene.status(handle) == GoalStatus.STATUS_CANCELED
        await nothing_is_pending(client)
        assert client.forgotten

    run_scene(test)


def test_a_server_that_refuses_is_named(run_scene: Any, capfd: Any) -> None:
    """The goal goes on: whoever bets a robot on its end reads that in the log."""

    async def test(scene: Scene) -> None:
        scene.answer = CancelResponse.REJECT
        handle = await scene.send()
        await cancel(waiting_for(handle.get_result_async))
        while not scene.asked_to_cancel or scene.client._pending_cancel_requests:  # noqa: ASYNC110
            await asyncio.sleep(0)
        scene.answer = CancelResponse.ACCEPT
        await handle.cancel_goal_async()

    run_scene(test)
    assert "The server of action 'action' refused to cancel goal" in capfd.readouterr().err


def test_the_result_of_a_goal_that_has_ended(run_scene: Any) -> None:
    """There is nothing to cancel."""

    async def test(scene: Scene) -> None:
        handle = await scene.send()
        await handle.cancel_goal_async()
        while handle.status != GoalStatus.STATUS_CANCELED:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await cancel(waiting_for(handle.get_result_async))
        await nothing_is_pending(scene.client)
        assert scene.asked_to_cancel == 1

    run_scene(test)


def test_a_coroutine_that_is_thrown_away_cancels_its_goal(run_scene: Any) -> None:
    """Also outside any task."""

    async def test(scene: Scene) -> None:
        handle = await scene.send()
        waiting = waiting_for(handle.get_result_async)
        future: Any = waiting.send(None)
        waiting.close()
        assert not future.done()
        assert await scene.status(handle) == GoalStatus.STATUS_CANCELED

    run_scene(test)


def test_the_end_of_the_executor_cancels_what_its_coroutines_await(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """They give the result up on their way out, and the goal is cancelled before all is let go."""

    async def main() -> None:
        scene = Scene(context, make_node)
        handles: list[Any] = []

        async def behave() -> None:
            handles.append(await scene.send())
            await handles[0].get_result_async()

        async with AsyncioExecutor(context=context) as other:
            other.add_node(scene.nodes[0])
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(scene.nodes[1])
                await action_ready(scene.client)
                executor.create_task(behave)
                while not handles:  # noqa: ASYNC110
                    await asyncio.sleep(0)
            (goal,) = scene.server._goal_handles.values()
            while goal.is_active:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert goal.status == GoalStatus.STATUS_CANCELED

    run(main)


def test_goals_leave_no_futures(run_scene: Any) -> None:
    """Not those either that rclpy itself forgets."""

    async def test(scene: Scene) -> None:
        async def futures() -> AsyncIterator[int]:
            for _ in range(3):
                handle = await scene.send()
                await handle.cancel_goal_async()
                assert await scene.status(handle) == GoalStatus.STATUS_CANCELED
                del handle
                await nothing_is_pending(scene.client)
                await turns()  # in which the server lets go
                gc.collect()
                yield sum(isinstance(thing, Future) for thing in gc.get_objects())

        # One a goal that the server keeps, for the result.
        first, second, third = [count async for count in futures()]
        assert second - first == third - second == 1

    run_scene(test)
