# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Lifecycle nodes: driven by their services, and by themselves.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lifecycle_msgs.msg import State, Transition, TransitionEvent
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from std_msgs.msg import Int64

from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.client import Client
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode

CONFIGURE = Transition.TRANSITION_CONFIGURE
ACTIVATE = Transition.TRANSITION_ACTIVATE
DEACTIVATE = Transition.TRANSITION_DEACTIVATE
CLEANUP = Transition.TRANSITION_CLEANUP


class Robot(LifecycleNode):
    """Publishes numbers while it is active."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.steps: list[str] = []
        self.answer = TransitionCallbackReturn.SUCCESS
        self.error: BaseException | None = None
        self.ticks = 0

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Make what publishes."""
        self.steps.append(f"configure from {state.label}")
        if self.error is not None:
            raise self.error
        self.publisher = self.create_lifecycle_publisher(Int64, "topic", 10)
        self.timer = self.create_timer(0.002, self.tick)
        super().on_configure(state)
        return self.answer

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let the publisher publish."""
        self.steps.append(f"activate from {state.label}")
        return super().on_activate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Destroy what was made."""
        self.steps.append(f"cleanup from {state.label}")
        self.destroy_timer(self.timer)
        self.destroy_lifecycle_publisher(self.publisher)
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Recover."""
        self.steps.append(f"error in {state.label}")
        return TransitionCallbackReturn.SUCCESS

    def tick(self) -> None:
        """Publish, which does nothing while the node is inactive."""
        self.ticks += 1
        self.publisher.publish(Int64(data=self.ticks))


class Operator:
    """Drives a robot by its services."""

    def __init__(self, node: Node, robot: Robot, spin: Spinner) -> None:
        self.spin = spin
        self._change = self._client(node, robot, ChangeState, "change_state")
        self._get = self._client(node, robot, GetState, "get_state")
        self._states = self._client(node, robot, GetAvailableStates, "get_available_states")

    def _client(self, node: Node, robot: Robot, of_type: Any, name: str) -> Client[Any, Any]:
        client = node.create_client(of_type, f"{robot.get_name()}/{name}")
        self.spin.discover(client.service_is_ready)
        return client

    def change(self, transition: int) -> bool:
        """Ask for a transition; whether it succeeded."""
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self.spin.complete(self._change.call_async(request)).success)

    def state(self) -> int:
        """Ask for the state."""
        state = self.spin.complete(self._get.call_async(GetState.Request())).current_state
        return int(state.id)

    def states(self) -> list[str]:
        """Ask for all states that there are."""
        answer = self.spin.complete(self._states.call_async(GetAvailableStates.Request()))
        return [state.label for state in answer.available_states]


@pytest.fixture
def robot(executor: Executor, make_node: MakeNode) -> Robot:
    """A robot on the executor."""
    robot = make_node(Robot)
    assert isinstance(robot, Robot)
    executor.add_node(robot)
    return robot


@pytest.fixture
def operator(node: Node, robot: Robot, spin: Spinner) -> Operator:
    """Who drives the robot, on the same executor."""
    return Operator(node, robot, spin)


def test_a_lifecycle_is_driven_by_services(
    node: Node, robot: Robot, operator: Operator, spin: Spinner
) -> None:
    """Each transition runs its callback, and is published; the publisher works while active."""
    events: list[str] = []
    received: list[int] = []
    node.create_subscription(
        *(TransitionEvent, f"{robot.get_name()}/transition_event"),
        lambda event: events.append(event.goal_state.label),
        10,
    )
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    assert operator.state() == State.PRIMARY_STATE_UNCONFIGURED
    assert operator.change(CONFIGURE)
    assert operator.state() == State.PRIMARY_STATE_INACTIVE
    spin.until(lambda: robot.ticks >= 2)
    spin.drain()
    assert received == []
    assert operator.change(ACTIVATE)
    assert operator.state() == State.PRIMARY_STATE_ACTIVE
    spin.until(lambda: len(received) >= 2)
    assert operator.change(DEACTIVATE)
    assert operator.change(CLEANUP)
    assert operator.state() == State.PRIMARY_STATE_UNCONFIGURED
    assert operator.change(CONFIGURE)
    assert robot.steps == [
        "configure from unconfigured",
        "activate from inactive",
        "cleanup from inactive",
        "configure from unconfigured",
    ]
    spin.until(lambda: events.count("inactive") == 3)
    assert "active" in events


def test_a_transition_fails(robot: Robot, operator: Operator) -> None:
    """A transition that its callback refuses leaves the state; a wrong one is no transition."""
    robot.answer = TransitionCallbackReturn.FAILURE
    assert not operator.change(CONFIGURE)
    assert operator.state() == State.PRIMARY_STATE_UNCONFIGURED
    assert "finalized" in operator.states()


def test_a_callback_of_a_transition_raises(robot: Robot, operator: Operator) -> None:
    """An exception is handled by on_error, and ends nothing else."""
    robot.error = ValueError("on purpose")
    assert not operator.change(CONFIGURE)
    assert robot.steps == ["configure from unconfigured", "error in unconfigured"]
    robot.error = None
    assert operator.change(CONFIGURE)


@pytest.mark.filterwarnings("ignore:Deprecated in favor of")  # rclpy's own logger.warn()
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_callback_of_a_transition_ends_the_program(
    robot: Robot, spin: Spinner, error: type[BaseException]
) -> None:
    """The node is left where it is: no callback of it is called any more, also not on_error."""
    robot.error = error()

    def begin() -> None:
        starter.cancel()
        robot.trigger_configure()

    starter = robot.create_timer(0.001, begin)
    with pytest.raises(error):
        spin.until(lambda: False)
    assert robot.steps == ["configure from unconfigured"]
    assert robot._state_machine.current_state[1] == "configuring"


def test_a_node_changes_its_own_state(robot: Robot, node: Node, spin: Spinner) -> None:
    """A callback of the node triggers transitions."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)

    def begin() -> None:
        starter.cancel()
        robot.trigger_configure()
        robot.trigger_activate()

    starter = robot.create_timer(0.001, begin)
    spin.until(lambda: len(received) >= 2)
    assert robot.steps == ["configure from unconfigured", "activate from inactive"]


def test_a_lifecycle_node_is_destroyed(
    robot: Robot, operator: Operator, node: Node, spin: Spinner
) -> None:
    """A node that is destroyed while it is active is gone, and others are served on."""
    assert operator.change(CONFIGURE)
    assert operator.change(ACTIVATE)
    robot.destroy_node()
    ticks: list[int] = []
    node.create_timer(0.001, lambda: ticks.append(1))
    spin.until(lambda: len(ticks) >= 3)
    count = robot.ticks
    spin.until(lambda: len(ticks) >= 10)
    assert robot.ticks == count
