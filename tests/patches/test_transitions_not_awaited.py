# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Transitions that have begun, and whose end nobody awaits: no node is left between two states.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.context import Context
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.lifecycle.node import LifecycleNodeMixin
from rclpy.node import Node

import aiorcl
from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.lifecycle import TellsState

if TYPE_CHECKING:
    from rclpy.callback_groups import CallbackGroup

    from tests.support.makers import MakeNode, Run

SUCCESS = TransitionCallbackReturn.SUCCESS

DEADLINE_SEC = 10.0

# Whether on_error() has to await something.
PATIENT = pytest.mark.parametrize("patient", [False, True], ids=["at once", "awaits"])


class PlainRobot(TellsState, Node):
    """A lifecycle node whose callbacks are plain functions, and may return coroutines."""

    def __init__(self, name: str, group: CallbackGroup | None = None, **options: Any) -> None:
        Node.__init__(self, name, **options)
        LifecycleNodeMixin.__init__(self, callback_group=group)
        self.may_go_on = asyncio.Event()
        self.patient = False
        self.before_it_returns: Callable[[], object] = lambda: None
        self.leaves: Callable[[], Any] = self._wait
        self.came: list[str] = []

    def on_configure(self, state: LifecycleState) -> Any:
        """Leave the rest to a coroutine."""
        self.came.append("configure")
        self.before_it_returns()
        return self.leaves()

    async def _wait(self) -> TransitionCallbackReturn:
        self.came.append("waits")
        await self.may_go_on.wait()
        return SUCCESS

    def on_error(self, state: LifecycleState) -> Any:
        """Recover, perhaps after a while."""
        self.came.append("error")
        return self._recover() if self.patient else SUCCESS

    async def _recover(self) -> TransitionCallbackReturn:
        await asyncio.sleep(0)
        self.came.append("recovered")
        return SUCCESS


@pytest.fixture
def robot(make_node: MakeNode) -> PlainRobot:
    """A robot on no executor yet."""
    robot = make_node(PlainRobot)
    assert isinstance(robot, PlainRobot)
    return robot


def configuring(robot: PlainRobot) -> Any:
    """Begin a transition, and return what is to be awaited, which rclpy's types do not know."""
    left = robot.trigger_configure()
    assert robot.state == "configuring"
    return left


async def configure_in_the_end(robot: PlainRobot) -> None:
    """Make the transition, which nothing holds back any more."""
    robot.may_go_on.set()
    assert await configuring(robot) == SUCCESS
    assert robot.state == "inactive"


@PATIENT
def test_its_task_is_cancelled_before_it_begins(
    run: Run, context: Context, robot: PlainRobot, patient: bool
) -> None:
    """That is an error of the callback, as a cancellation is later; on_error() may await."""
    robot.patient = patient

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(robot)
            task = asyncio.ensure_future(configuring(robot))
            task.cancel("on purpose")
            with pytest.raises(asyncio.CancelledError, match="on purpose"):
                await task
            assert robot.state == "unconfigured"
            assert robot.came == ["configure", "error", *(["recovered"] if patient else ())]
            await configure_in_the_end(robot)

    run(main)


@pytest.mark.filterwarnings("error")
@PATIENT
@pytest.mark.parametrize("begun", [False, True], ids=["not begun", "begun"])
def test_it_is_closed(
    *, run: Run, context: Context, robot: PlainRobot, patient: bool, begun: bool
) -> None:
    """Then on_error() has nobody to await with, which is an error of its own."""
    robot.patient = patient

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(robot)
            left = configuring(robot)
            if begun:
                left.send(None)
            left.close()
            assert robot.came == ["configure", *(["waits"] if begun else ()), "error"]
            if patient:
                assert robot.state == "finalized"
            else:
                assert robot.state == "unconfigured"
                await configure_in_the_end(robot)

    run(main)


def test_who_forgets_to_await_it_is_told(run: Run, context: Context, robot: PlainRobot) -> None:
    """As Python tells of coroutines; and the node is what it was before."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(robot)
            with pytest.warns(RuntimeWarning, match="was never awaited"):
                configuring(robot)
            assert robot.state == "unconfigured"
            await configure_in_the_end(robot)

    run(main)


def test_a_future_of_a_callback_is_cancelled(run: Run, context: Context, robot: PlainRobot) -> None:
    """As if its task had begun to await it."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(robot)
            future = asyncio.get_running_loop().create_future()
            robot.leaves = lambda: future
            task = asyncio.ensure_future(configuring(robot))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert future.cancelled()
            assert robot.state == "unconfigured"

    run(main)


@PATIENT
@pytest.mark.parametrize("worker", [False, True], ids=["loop", "worker"])
@pytest.mark.parametrize("way", ["shutdown", "remove", "destroy"])
def test_its_node_ends_before_the_task_of_the_request_begins(
    *, run: Run, context: Context, make_node: MakeNode, lone: Node, way: str,
    worker: bool, patient: bool, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """As if it had begun; nothing is written. (From Python 3.12 on it may begin at once.)"""
    robot = make_node(PlainRobot, group=ThreadCallbackGroup(1) if worker else None)
    assert isinstance(robot, PlainRobot)
    robot.patient = patient
    client = lone.create_client(ChangeState, f"{robot.get_name()}/change_state")
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
    last = "recovered" if patient else "error"
    ended = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(robot)
            executor.add_node(lone)

            def end() -> None:
                if way == "shutdown":
                    executor.shutdown(0)
                elif way == "remove":
                    executor.remove_node(robot)
                else:
                    robot.destroy_node()
                ended.set()

            def end_soon() -> None:
                loop.call_soon_threadsafe(end)  # before the task, which is made later
                if worker:
                    ended.wait(DEADLINE_SEC)

            robot.before_it_returns = end_soon
            asking = asyncio.ensure_future(aiorcl.call(client, request))
            while not robot.came or robot.came[-1] != last:  # noqa: ASYNC110
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.wait([asking])
            if not asking.cancelled():
                assert isinstance(asking.exception(), aiorcl.EntityGoneError)
        assert robot.state == "unconfigured"

    run(main)
    assert capfd.readouterr().err == ""
