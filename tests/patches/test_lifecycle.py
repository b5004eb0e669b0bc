# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Transitions of lifecycle nodes whose callbacks are coroutine functions.

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.lifecycle import TellsState
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR
CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE


class Robot(TellsState, LifecycleNode):
    """Configures itself when it may, and ends that as ``answer`` says; recovers from errors."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.begun = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.answer: Any = SUCCESS
        self.recovers: Any = SUCCESS
        self.waits_for: asyncio.Future[Any] | None = None
        self.came: list[str] = []

    async def on_configure(self, state: LifecycleState) -> Any:  # type: ignore[override]
        """Wait."""
        self.came.append(f"configure from {state.label}")
        self.begun.set()
        await self.may_go_on.wait()
        if self.waits_for is not None:
            await self.waits_for
        self.came.append("configured")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Be no coroutine function."""
        self.came.append(f"activate from {state.label}")
        return SUCCESS

    async def on_error(self, state: LifecycleState) -> Any:  # type: ignore[override]
        """Recover, after a while."""
        self.came.append(f"error in {state.label}")
        await asyncio.sleep(0)
        self.came.append("recovered")
        return self.recovers


@pytest.fixture
def robot(make_node: MakeNode) -> Robot:
    """A robot on no executor yet."""
    robot = make_node(Robot)
    assert isinstance(robot, Robot)
    return robot


def typed(trigger: Any) -> Any:
    """Trigger a transition of a node with coroutine functions, which rclpy's types do not know."""
    return trigger()


class Operator:
    """Asks the services of a robot."""

    def __init__(self, node: Node, robot: Robot) -> None:
        name = robot.get_name()
        self._change = node.create_client(ChangeState, f"{name}/change_state")
        self._get = node.create_client(GetState, f"{name}/get_state")

    async def change(self, transition_id: int = 0, label: str = "") -> bool:
        """Ask for a transition; whether it succeeded."""
        request = ChangeState.Request(transition=Transition(id=transition_id, label=label))
        return bool((await aiorcl.call(self._change, request)).success)

    async def state(self) -> int:
        """Ask for the state."""
        return int((await aiorcl.call(self._get, GetState.Request())).current_state.id)


@pytest.fixture
def operator(lone: Node, robot: Robot) -> Operator:
    """Who asks."""
    return Operator(lone, robot)


def serving(context: Context, *nodes: Node) -> AsyncioExecutor:
    """Make an executor with these nodes."""
    executor = AsyncioExecutor(context=context)
    for node in nodes:
        executor.add_node(node)
    return executor


def test_a_transition_is_answered_when_its_coroutine_has_ended(
    run: Run, context: Context, robot: Robot, lone: Node, operator: Operator
) -> None:
    """Meanwhile the node is between two states, and says so; a plain callback comes at once."""

    async def main() -> None:
        async with serving(context, robot, lone):
            configuring = asyncio.ensure_future(operator.change(CONFIGURE))
            await robot.begun.wait()
            assert await operator.state() == State.TRANSITION_STATE_CONFIGURING
            assert not configuring.done()
            robot.may_go_on.set()
            assert await configuring
            assert await operator.state() == State.PRIMARY_STATE_INACTIVE
            assert await operator.change(label="activate")
            assert await operator.state() == State.PRIMARY_STATE_ACTIVE
        expected = ["configure from unconfigured", "configured", "activate from inactive"]
        assert robot.came == expected

    run(main)


@pytest.mark.parametrize("answer", [ERROR, ValueError("on purpose"), None], ids=repr)
def test_an_error_leads_to_on_error(
    *, run: Run, context: Context, robot: Robot, lone: Node, operator: Operator, answer: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """By its return, an exception, or none of both; the last two are logged."""
    robot.answer = answer
    robot.may_go_on.set()

    async def main() -> None:
        async with serving(context, robot, lone):
            assert not await operator.change(CONFIGURE)
            assert robot.came[-2:] == ["error in unconfigured", "recovered"]
            assert await operator.state() == State.PRIMARY_STATE_UNCONFIGURED
            robot.answer = SUCCESS
            assert await operator.change(CONFIGURE)

    run(main)
    logged = capfd.readouterr().err
    if answer is ERROR:
        assert logged == ""
    elif answer is None:
        assert "'configuring' returned None: write 'return TransitionCallbackReturn" in logged
    else:
        assert "'configuring' raised:" in logged
        assert "ValueError: on purpose" in logged


def test_a_failure_leaves_the_state(
    run: Run, context: Context, robot: Robot, lone: Node, operator: Operator
) -> None:
    """As of a plain callback, and no error is processed; nor is there a transition of that name."""
    robot.answer = FAILURE
    robot.may_go_on.set()

    async def main() -> None:
        async with serving(context, robot, lone):
            assert not await operator.change(CONFIGURE)
            assert not await operator.change(label="no such transition")
            assert not await operator.change(ACTIVATE)
            assert await operator.state() == State.PRIMARY_STATE_UNCONFIGURED
        assert robot.came == ["configure from unconfigured", "configured"]

    run(main)


def test_an_error_that_is_not_handled_finalizes_the_node(
    run: Run, context: Context, robot: Robot, lone: Node, operator: Operator
) -> None:
    """What on_error returns decides."""
    robot.answer, robot.recovers = ERROR, FAILURE
    robot.may_go_on.set()

    async def main() -> None:
        async with serving(context, robot, lone):
            assert not await operator.change(CONFIGURE)
            assert await operator.state() == State.PRIMARY_STATE_FINALIZED

    run(main)


def test_a_node_awaits_its_own_transitions(run: Run, context: Context, robot: Robot) -> None:
    """trigger_configure() and the like are awaited, and return what the callback does."""
    robot.may_go_on.set()
    returned: list[object] = []

    async def begin() -> Any:
        starter.cancel()
        returned.append(await typed(robot.trigger_configure))
        returned.append(await typed(robot.trigger_activate))
        returned.append(await typed(robot.trigger_configure))
        robot.begun.clear()
        done.set()

    starter = robot.create_timer(0.001, begin)  # type: ignore[arg-type]
    done = asyncio.Event()

    async def main() -> None:
        async with serving(context, robot):
            await done.wait()
        assert returned == [SUCCESS, SUCCESS, ERROR]  # it is active
        assert robot.state == "active"

    run(main)


class Decorated(Robot):
    """Its callbacks are no coroutine functions, and return coroutines."""

    def on_configure(self, state: LifecycleState) -> Any:
        """Leave it to the other class."""
        return super().on_configure(state)

    def on_error(self, state: LifecycleState) -> Any:
        """Leave it to the other class."""
        return super().on_error(state)


def test_callbacks_are_judged_by_what_they_return(
    run: Run, context: Context, make_node: MakeNode, lone: Node
) -> None:
    """As those of services; nothing is awaited where a callback returns at once."""
    robot = make_node(Decorated)
    assert isinstance(robot, Decorated)
    operator = Operator(lone, robot)

    async def main() -> None:
        async with serving(context, robot, lone):
            configuring = asyncio.ensure_future(operator.change(CONFIGURE))
            await robot.begun.wait()
            assert robot.state == "configuring"
            robot.may_go_on.set()
            assert await configuring
            assert robot.trigger_activate() == SUCCESS
            assert robot.trigger_deactivate() == SUCCESS
            assert robot.trigger_cleanup() == SUCCESS
            robot.answer = ERROR
            assert await typed(robot.trigger_configure) == ERROR
            assert robot.came[-1] == "recovered"

    run(main)


def test_a_node_on_no_executor_awaits_its_transitions(
    run: Run, context: Context, robot: Robot
) -> None:
    """Before it is added, and after the end; who forgets to await finds it as it was."""
    robot.may_go_on.set()

    async def main() -> None:
        typed(robot.trigger_configure).close()
        assert robot.state == "unconfigured"
        assert await typed(robot.trigger_configure) == SUCCESS
        async with serving(context, robot):
            assert await typed(robot.trigger_activate) == SUCCESS
        assert await typed(robot.trigger_shutdown) == SUCCESS
        assert robot.state == "finalized"

    run(main)


def test_a_node_on_no_executor_awaits_what_a_callback_returns(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """Of a plain function, which may be a decorator's; and nothing where that returns at once."""
    robot = make_node(Decorated)
    assert isinstance(robot, Decorated)
    robot.may_go_on.set()

    async def main() -> None:
        assert await typed(robot.trigger_configure) == SUCCESS
        assert robot.trigger_activate() == SUCCESS
        async with serving(context, robot):
            assert robot.trigger_deactivate() == SUCCESS
        assert robot.trigger_cleanup() == SUCCESS
        assert await typed(robot.trigger_configure) == SUCCESS
        assert robot.state == "inactive"

    run(main)


def test_only_its_callback_ends_a_transition(run: Run, context: Context, robot: Robot) -> None:
    """rcl would take a step of its own from anybody."""
    operator = Operator(robot, robot)

    async def main() -> None:
        async with serving(context, robot):
            configuring = asyncio.ensure_future(typed(robot.trigger_configure))
            await robot.begun.wait()
            assert not await operator.change(Transition.TRANSITION_ON_CONFIGURE_SUCCESS)
            assert robot.state == "configuring"
            robot.may_go_on.set()
            assert await configuring == SUCCESS

    run(main)


def test_what_a_callback_awaits_is_cancelled(
    run: Run, context: Context, robot: Robot, capfd: pytest.CaptureFixture[str]
) -> None:
    """That is an error of the callback; nobody has cancelled the transition."""

    async def main() -> None:
        robot.may_go_on.set()
        async with serving(context, robot):
            inner = asyncio.ensure_future(asyncio.sleep(3600))
            inner.cancel()
            robot.answer = SUCCESS
            robot.waits_for = inner
            assert await typed(robot.trigger_configure) == ERROR
            assert robot.state == "unconfigured"

    run(main)
    assert "CancelledError" in capfd.readouterr().err


def test_a_transition_under_way_lets_no_other_begin(
    run: Run, context: Context, robot: Robot
) -> None:
    """The second one is refused, and the first goes on."""

    async def main() -> None:
        async with serving(context, robot):
            first = asyncio.ensure_future(typed(robot.trigger_configure))
            await robot.begun.wait()
            assert await typed(robot.trigger_configure) == ERROR
            robot.may_go_on.set()
            assert await first == SUCCESS

    run(main)


def test_a_transition_from_a_wrong_state_is_refused(
    run: Run, context: Context, make_node: MakeNode, robot: Robot
) -> None:
    """By what it returns, on each release of rclpy; awaited or not."""
    plain = make_node(Decorated)
    assert isinstance(plain, Decorated)

    async def main() -> None:
        async with serving(context, robot, plain):
            assert await typed(robot.trigger_activate) == ERROR
            assert plain.trigger_activate() == ERROR
        assert robot.state == plain.state == "unconfigured"

    run(main)


def test_a_cancelled_transition_is_an_error(run: Run, context: Context, robot: Robot) -> None:
    """Wherever it is cancelled, on_error is called, and the node is not left between two states."""
    robot.answer = FAILURE

    async def main() -> None:
        async with serving(context, robot):

            async def once() -> None:
                robot.may_go_on.clear()
                asyncio.get_running_loop().call_soon(robot.may_go_on.set)
                await typed(robot.trigger_configure)

            assert await cancel_everywhere(once, lambda: robot.state) == 2
            assert robot.state == "unconfigured"
            assert robot.came.count("recovered") == 2

    run(main)


@pytest.mark.parametrize("times", [1, 2])
def test_a_cancelled_on_error_finalizes_the_node(
    run: Run, context: Context, robot: Robot, times: int
) -> None:
    """Of a transition that was cancelled before, or has failed."""

    async def main() -> None:
        async with serving(context, robot):
            transition = asyncio.ensure_future(typed(robot.trigger_configure))
            await robot.begun.wait()
            if times == 2:
                transition.cancel()
            else:
                robot.answer = ERROR
                robot.may_go_on.set()
            while not robot.came[-1].startswith("error"):  # noqa: ASYNC110
                await asyncio.sleep(0)
            transition.cancel()
            with pytest.raises(asyncio.CancelledError):
                await transition
            assert robot.state == "finalized"
            assert robot.came[-1] == "error in unconfigured"

    run(main)


@pytest.mark.parametrize("way", ["shutdown", "remove", "destroy", "context"])
def test_an_end_cancels_a_transition(
    *, run: Run, context: Context, robot: Robot, lone: Node, operator: Operator, way: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Whatever ends the node, nothing is written."""

    async def main() -> None:
        async with serving(context, robot, lone) as executor:
            asking = asyncio.ensure_future(operator.change(CONFIGURE))
            await robot.begun.wait()
            if way == "shutdown":
                executor.shutdown()
            elif way == "remove":
                executor.remove_node(robot)
            elif way == "destroy":
                robot.destroy_node()
            else:
                context.shutdown()  # which destroys the node first
            while way != "context" and robot.came[-1] != "recovered":  # noqa: ASYNC110
                await asyncio.sleep(0)
            asking.cancel()

    run(main)
    assert "configured" not in robot.came
    assert capfd.readouterr().err == ""


def test_other_executors_call_what_rclpy_calls(context: Context, robot: Robot) -> None:
    """On none of ours a transition is rclpy's, which takes a coroutine for an answer."""
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(robot)

    def trigger() -> None:
        with pytest.raises(AttributeError, match="to_label"):
            robot.trigger_configure()
        gc.collect()  # the coroutine, which the traceback holds

    with pytest.warns(RuntimeWarning, match="never awaited"):
        trigger()
    executor.shutdown()
