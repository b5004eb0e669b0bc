# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callback groups: what may start while a coroutine callback is suspended.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import (
    CallbackGroup,
    MutuallyExclusiveCallbackGroup,
    ReentrantCallbackGroup,
)
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import LimitedCallbackGroup
from tests.support.executors import STRICT, Flavour, breaks, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.task import Future

    from tests.support.makers import MakeNode

NO_GROUPS = breaks(events="has no callback groups")
on_strict_executors = pytest.mark.parametrize(
    "flavour", STRICT, ids=lambda flavour: flavour.name, indirect=True
)


class Gate:
    """Coroutine callbacks that begin, wait for a future, and end."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.open: Future[Any] = new_future(executor)

    def subscribe(self, node: Node, name: str, group: CallbackGroup | None) -> None:
        """Subscribe a coroutine callback to a topic of its own, with two messages waiting."""

        async def callback(message: Int64) -> None:
            self.begun.append(f"{name}{message.data}")
            await self.open
            self.ended.append(f"{name}{message.data}")

        node.create_subscription(Int64, name, callback, 10, callback_group=group)  # type: ignore[arg-type]
        publisher = node.create_publisher(Int64, name, 10)
        for number in range(2):
            publisher.publish(Int64(data=number))

    def settle(self, spin: Spinner, begun: int) -> None:
        """Let begin whatever may: as many as should, and then time for one that should not."""
        spin.until(lambda: len(self.begun) >= begun)
        spin.drain()

    def release(self, spin: Spinner, count: int) -> None:
        """Open the gate, and wait until so many have ended."""
        self.open.set_result(None)
        # SingleThreadedExecutor looks at a waiting coroutine again only when it is woken.
        while len(self.ended) < count:
            self.executor.wake()
            self.executor.spin_once(timeout_sec=spin.deadline_sec)


@pytest.fixture
def gate(executor: Executor) -> Gate:
    """Callbacks to hold back."""
    return Gate(executor)


@NO_GROUPS
def test_a_group_of_the_user_is_exclusive(node: Node, gate: Gate, spin: Spinner) -> None:
    """While a coroutine of the group is suspended nothing else of the group begins."""
    group = MutuallyExclusiveCallbackGroup()
    gate.subscribe(node, "a", group)
    gate.subscribe(node, "b", group)
    gate.settle(spin, 1)
    assert len(gate.begun) == 1
    gate.release(spin, 4)
    assert sorted(gate.ended) == ["a0", "a1", "b0", "b1"]
    assert gate.begun == gate.ended


@NO_GROUPS
def test_a_reentrant_group_has_no_limit(node: Node, gate: Gate, spin: Spinner) -> None:
    """In a reentrant group also the same callback may be under way several times."""
    group = ReentrantCallbackGroup()
    gate.subscribe(node, "a", group)
    gate.subscribe(node, "b", group)
    gate.settle(spin, 4)
    assert sorted(gate.begun) == ["a0", "a1", "b0", "b1"]
    gate.release(spin, 4)


@NO_GROUPS
def test_the_default_group_of_a_node(
    node: Node, gate: Gate, spin: Spinner, flavour: Flavour
) -> None:
    """design: the default group keeps each entity from overtaking itself, and no other.

    Under rclpy it is exclusive for the whole node.
    """
    gate.subscribe(node, "a", None)
    gate.subscribe(node, "b", None)
    gate.settle(spin, 2 if flavour.ours else 1)
    if flavour.ours:
        assert sorted(gate.begun) == ["a0", "b0"]
    else:
        assert len(gate.begun) == 1
    gate.release(spin, 4)
    assert sorted(gate.ended) == ["a0", "a1", "b0", "b1"]


@NO_GROUPS
@pytest.mark.parametrize("own", [False, True], ids=["default", "own"])
def test_a_node_comes_back_while_a_callback_is_under_way(
    executor: Executor, node: Node, gate: Gate, spin: Spinner, own: bool
) -> None:
    """That was let go, not kept: its entities do not run beside themselves all the same."""
    gate.subscribe(node, "a", MutuallyExclusiveCallbackGroup() if own else None)
    gate.settle(spin, 1)
    for _ in range(2):
        executor.remove_node(node)
    executor.add_node(node)
    spin.drain()
    assert gate.begun == ["a0"]
    gate.release(spin, 2)
    assert gate.begun == ["a0", "a1"]


@on_strict_executors
def test_a_strict_default_group(node: Node, gate: Gate, spin: Spinner) -> None:
    """With ``strict_groups`` the default group is exclusive for the whole node, as in rclpy."""
    gate.subscribe(node, "a", None)
    gate.subscribe(node, "b", None)
    gate.settle(spin, 1)
    assert len(gate.begun) == 1
    gate.release(spin, 4)
    assert sorted(gate.ended) == ["a0", "a1", "b0", "b1"]
    assert gate.begun == gate.ended


@on_strict_executors
def test_strict_groups_of_two_nodes(
    executor: Executor, make_node: MakeNode, gate: Gate, spin: Spinner
) -> None:
    """Each node has a default group of its own."""
    for name in "ab":
        node = make_node()
        executor.add_node(node)
        gate.subscribe(node, name, None)
    gate.settle(spin, 2)
    assert sorted(gate.begun) == ["a0", "b0"]
    gate.release(spin, 4)


@lacks(single="holds the response back, so the callback that awaits it never ends")
@on_strict_executors
def test_a_strict_group_lets_responses_through(node: Node, spin: Spinner) -> None:
    """A callback may await a service whose client is in its own strict group."""
    answers: list[Any] = []

    def handler(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        return response

    async def callback(message: Int64) -> None:
        answers.append(await client.call_async(Trigger.Request()))

    node.create_service(Trigger, "service", handler, callback_group=ReentrantCallbackGroup())
    client = node.create_client(Trigger, "service")
    node.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
    node.create_publisher(Int64, "topic", 10).publish(Int64())
    spin.until(lambda: answers)
    assert answers[0].success


@NO_GROUPS
def test_a_limited_group(node: Node, gate: Gate, spin: Spinner) -> None:
    """A limited group has so many places, for whichever of its entities come first."""
    group = LimitedCallbackGroup(3)
    for name in "ab":
        gate.subscribe(node, name, group)
    gate.settle(spin, 3)
    assert len(gate.begun) == 3
    gate.release(spin, 4)
    assert sorted(gate.ended) == ["a0", "a1", "b0", "b1"]


@NO_GROUPS
def test_a_place_of_a_limited_group_is_given_on(node: Node, gate: Gate, spin: Spinner) -> None:
    """What waits for a place begins when a callback of the group ends, and not before."""
    group = LimitedCallbackGroup(1)
    for name in "ab":
        gate.subscribe(node, name, group)
    gate.settle(spin, 1)
    assert len(gate.begun) == 1
    gate.release(spin, 4)
    assert gate.begun == gate.ended


@NO_GROUPS
def test_what_may_not_begin_waits_in_the_middleware(node: Node, gate: Gate, spin: Spinner) -> None:
    """A held-back subscription takes nothing: its queue keeps the newest messages."""
    received: list[int] = []

    async def callback(message: Int64) -> None:
        received.append(message.data)
        await gate.open
        gate.ended.append(str(message.data))

    group = MutuallyExclusiveCallbackGroup()
    node.create_subscription(Int64, "topic", callback, 2, callback_group=group)  # type: ignore[arg-type]
    publisher = node.create_publisher(Int64, "topic", 10)
    come: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: come.append(message.data), 10)
    for number in range(6):
        publisher.publish(Int64(data=number))
        spin.until(lambda: len(come) > number and received)  # noqa: B023
    spin.drain()
    assert received == [0]
    gate.release(spin, 3)
    assert received == [0, 4, 5]


class Counting(CallbackGroup):
    """A group of a user's own that lets two callbacks run at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.running = 0
        self.most = 0

    def can_execute(self, entity: Any) -> bool:
        """Tell whether there is a place."""
        return self.running < 2

    def beginning_execution(self, entity: Any) -> bool:
        """Take a place."""
        if self.running >= 2:
            return False
        self.running += 1
        self.most = max(self.most, self.running)
        return True

    def ending_execution(self, entity: Any) -> None:
        """Give a place back."""
        self.running -= 1


@NO_GROUPS
def test_a_group_class_of_the_user_is_asked(node: Node, gate: Gate, spin: Spinner) -> None:
    """A user's own CallbackGroup decides, by the three methods that rclpy calls."""
    group = Counting()
    for name in "abc":
        gate.subscribe(node, name, group)
    gate.settle(spin, 2)
    assert len(gate.begun) == 2
    gate.release(spin, 6)
    assert group.most == 2
    assert group.running == 0
    assert sorted(gate.ended) == ["a0", "a1", "b0", "b1", "c0", "c1"]


@NO_GROUPS
def test_an_exception_gives_the_place_back(executor: Executor, node: Node, spin: Spinner) -> None:
    """A callback that raises leaves its group open for the next one."""
    received: list[int] = []

    async def callback(message: Int64) -> None:
        received.append(message.data)
        if message.data == 0:
            raise LookupError("on purpose")

    group = MutuallyExclusiveCallbackGroup()
    node.create_subscription(Int64, "topic", callback, 10, callback_group=group)  # type: ignore[arg-type]
    publisher = node.create_publisher(Int64, "topic", 10)
    for number in range(2):
        publisher.publish(Int64(data=number))
    with pytest.raises(LookupError, match="on purpose"):
        spin.until(lambda: len(received) == 2)
    spin.until(lambda: len(received) == 2)


class Door(CallbackGroup):
    """A group of a user's own that opens and closes, by itself, and answers with any object."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: object = 1
        self.errors: list[Exception] = []
        self.end_errors: list[Exception] = []
        self.asked = 0

    def can_execute(self, entity: Any) -> Any:
        """Answer, or raise the next error."""
        self.asked += 1
        if self.errors:
            raise self.errors.pop()
        return self.answer

    def beginning_execution(self, entity: Any) -> Any:
        """Answer as before."""
        return self.answer

    def ending_execution(self, entity: Any) -> None:
        """Raise the next error."""
        if self.end_errors:
            raise self.end_errors.pop()


def publish(node: Node, topic: str, *values: int) -> None:
    """Publish values to a topic whose subscription is there."""
    publisher = node.create_publisher(Int64, topic, 10)
    for value in values:
        publisher.publish(Int64(data=value))


@NO_GROUPS
@pytest.mark.parametrize("answer", [1, "yes", [0]])
def test_an_answer_of_a_group_is_judged_by_its_truth(
    node: Node, spin: Spinner, answer: object
) -> None:
    """Any true object opens a group of the user's own."""
    received: list[int] = []
    group = Door()
    group.answer = answer
    node.create_subscription(
        Int64, "t", lambda m: received.append(m.data), 10, callback_group=group
    )
    publish(node, "t", 1)
    spin.until(lambda: received)


@NO_GROUPS
def test_a_group_opens_by_itself(node: Node, spin: Spinner) -> None:
    """A group that refused while nothing of it ran is asked again, and no message is lost."""
    received: list[int] = []
    group = Door()
    group.answer = ""
    node.create_subscription(
        Int64, "t", lambda m: received.append(m.data), 10, callback_group=group
    )
    publish(node, "t", 1, 2)
    spin.discover(lambda: group.asked)
    asked = group.asked
    spin.discover(lambda: group.asked >= asked + 3)  # nothing else happens meanwhile
    assert not received
    group.answer = True
    spin.discover(lambda: len(received) == 2)
    assert received == [1, 2]


@NO_GROUPS
def test_a_question_to_a_group_raises(node: Node, spin: Spinner) -> None:
    """The exception leaves the spin call, and what it was asked for is handled afterwards."""
    received: list[int] = []
    group = Door()
    node.create_subscription(
        Int64, "t", lambda m: received.append(m.data), 10, callback_group=group
    )
    group.errors.append(LookupError("on purpose"))
    publish(node, "t", 1)
    with pytest.raises(LookupError, match="on purpose"):
        spin.until(lambda: received)
    publish(node, "t", 2)
    spin.until(lambda: len(received) == 2)
    assert received == [1, 2]


@NO_GROUPS
def test_the_end_of_a_place_raises(node: Node, spin: Spinner) -> None:
    """What ending_execution raises leaves the spin call; the place was given back."""
    received: list[int] = []
    group = Door()
    node.create_subscription(
        Int64, "t", lambda m: received.append(m.data), 10, callback_group=group
    )
    group.end_errors.append(LookupError("on purpose"))
    publish(node, "t", 1, 2)
    with pytest.raises(LookupError, match="on purpose"):
        spin.until(lambda: len(received) == 2)
    spin.until(lambda: len(received) == 2)
