# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callback groups of users: wherever they come from, and however they decide, they are asked.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import (
    CallbackGroup,
    MutuallyExclusiveCallbackGroup,
    ReentrantCallbackGroup,
)
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import LimitedCallbackGroup, ThreadCallbackGroup
from tests.support.executors import breaks, new_future
from tests.support.spinner import Spinner
from tests.support.waitables import Inbox

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeExecutor, MakeNode

NO_GROUPS = breaks(events="has no callback groups")


class Door:
    """Lets nothing in while it is closed."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.open = False
        self.asked = 0

    def can_execute(self, entity: Any) -> bool:
        """Return whether the door is open."""
        self.asked += 1
        return self.open and super().can_execute(entity)  # type: ignore[misc]


class ExclusiveDoor(Door, MutuallyExclusiveCallbackGroup):
    """For one callback at a time."""


class ThreadDoor(Door, ThreadCallbackGroup):
    """For callbacks in threads."""


class OwnDefault(Node):
    """A node with a default group of its own."""

    def __init__(self, *args: Any, group: CallbackGroup, **options: Any) -> None:
        self._own = group
        super().__init__(*args, **options)

    @property
    def default_callback_group(self) -> CallbackGroup:
        """Return the group of its own."""
        return self._own


class ReplacedDefault(Node):
    """A node that has put a group where rclpy keeps its."""

    def __init__(self, *args: Any, group: CallbackGroup, **options: Any) -> None:
        super().__init__(*args, **options)
        self._default_callback_group: Any = group


def receive(node: Node, received: list[int], group: CallbackGroup | None = None) -> None:
    """Let a message wait for the callback of a subscription."""
    node.create_subscription(
        Int64,
        "topic",
        lambda message: received.append(message.data),
        10,
        callback_group=group,
    )
    node.create_publisher(Int64, "topic", 10).publish(Int64(data=1))


@NO_GROUPS
@pytest.mark.parametrize("cls", [OwnDefault, ReplacedDefault])
@pytest.mark.parametrize("make_group", [ExclusiveDoor, lambda: ThreadDoor(1)])
def test_a_default_group_of_the_users_is_asked(
    executor: Executor,
    make_node: MakeNode,
    spin: Spinner,
    cls: type[Node],
    make_group: Callable[[], Any],
) -> None:
    """It is not that of rclpy, which is wider here."""
    group = make_group()
    node = make_node(cls, group=group)
    executor.add_node(node)
    received: list[int] = []
    receive(node, received)
    spin.discover(lambda: group.asked)
    assert received == []
    group.open = True
    executor.wake()
    spin.until(lambda: received)


@NO_GROUPS
def test_an_exclusive_default_group_of_the_users_is_exclusive(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """A group that the user has made is shared, whatever property gives it out."""
    node = make_node(OwnDefault, group=MutuallyExclusiveCallbackGroup())
    executor.add_node(node)
    begun: list[int] = []
    may_end = new_future(executor)

    async def callback(message: Int64) -> None:
        begun.append(message.data)
        await may_end

    for name in "ab":
        node.create_subscription(Int64, name, callback, 10)  # type: ignore[arg-type]
        node.create_publisher(Int64, name, 10).publish(Int64())
    spin.until(lambda: begun)
    spin.drain()
    assert len(begun) == 1
    may_end.set_result(None)
    spin.until(lambda: len(begun) == 2)


@NO_GROUPS
@pytest.mark.parametrize(
    "make_group",
    [
        ReentrantCallbackGroup,
        MutuallyExclusiveCallbackGroup,
        lambda: LimitedCallbackGroup(1),
        lambda: ThreadCallbackGroup(1),
    ],
    ids=["reentrant", "exclusive", "limited", "thread"],
)
def test_a_method_on_the_group_is_asked(
    executor: Executor, node: Node, spin: Spinner, make_group: Callable[[], Any]
) -> None:
    """It takes the place of that of the class."""
    group = make_group()
    asked: list[bool] = []
    can_execute = group.can_execute

    def after_the_third(entity: Any) -> bool:
        asked.append(True)
        return len(asked) > 2 and bool(can_execute(entity))

    group.can_execute = after_the_third
    received: list[int] = []
    receive(node, received, group)
    while not received:
        executor.wake()
        executor.spin_once(timeout_sec=0.1)
    assert len(asked) > 2


@dataclass
class Named(MutuallyExclusiveCallbackGroup):
    """A group of the user's that cannot be hashed."""

    name: str = ""

    def __post_init__(self) -> None:
        super().__init__()


class Equal(MutuallyExclusiveCallbackGroup):
    """A group of the user's that is equal to others."""

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal)


class ThreadEqual(ThreadCallbackGroup):
    """The same, with threads."""

    __hash__ = Equal.__hash__
    __eq__ = Equal.__eq__


@NO_GROUPS
@pytest.mark.parametrize("make_group", [Named, Equal, lambda: ThreadEqual(1)])
def test_each_group_is_itself_only(
    executor: Executor, node: Node, spin: Spinner, make_group: Callable[[], CallbackGroup]
) -> None:
    """What it says of equality does not matter: its callbacks wait for those of no other."""
    may_end = new_future(executor)
    begun: list[int] = []

    async def callback(message: Int64) -> None:
        begun.append(message.data)
        await may_end

    for name in "ab":
        node.create_subscription(Int64, name, callback, 10, callback_group=make_group())  # type: ignore[arg-type]
        node.create_publisher(Int64, name, 10).publish(Int64())
    spin.until(lambda: len(begun) == 2)
    may_end.set_result(None)


def a_message(node: Node, group: CallbackGroup, call: Callable[[], None]) -> None:
    """A message waits for the callback of a subscription."""
    node.create_subscription(Int64, "topic", lambda _: call(), 10, callback_group=group)
    node.create_publisher(Int64, "topic", 10).publish(Int64())


def a_trigger(node: Node, group: CallbackGroup, call: Callable[[], None]) -> None:
    """A guard condition was triggered."""
    node.create_guard_condition(call, group).trigger()


def a_tick(node: Node, group: CallbackGroup, call: Callable[[], None]) -> None:
    """A timer is due."""

    def once() -> None:
        timer.cancel()
        call()

    timer = node.create_timer(0.0, once, callback_group=group)


def a_request(node: Node, group: CallbackGroup, call: Callable[[], None]) -> None:
    """A request waits for the callback of a service."""

    def answer(_: Any, response: Any) -> Any:
        call()
        return response

    node.create_service(Trigger, "service", answer, callback_group=group)
    node.create_client(Trigger, "service").call_async(Trigger.Request())


def an_event(node: Node, group: CallbackGroup, call: Callable[[], None]) -> None:
    """A subscription has found a publisher."""
    node.create_subscription(
        *(Int64, "topic", lambda _: None, 10),
        callback_group=group,
        event_callbacks=SubscriptionEventCallbacks(matched=lambda _: call()),
    )
    node.create_publisher(Int64, "topic", 10)


def an_item(node: Node, group: CallbackGroup, call: Callable[[], None]) -> None:
    """Something was put into a waitable."""
    inbox = Inbox(node, group)
    inbox.on_executed = call
    inbox.put(1)


@NO_GROUPS
@pytest.mark.parametrize("bring", [a_message, a_trigger, a_tick, a_request, an_event, an_item])
def test_what_is_refused_moves_with_its_node(
    executor: Executor,
    make_executor_of: MakeExecutor,
    lone: Node,
    spin: Spinner,
    bring: Callable[[Node, CallbackGroup, Callable[[], None]], None],
) -> None:
    """The executor that has the node when the group says yes runs it."""
    calls: list[int] = []
    group = ExclusiveDoor()
    executor.add_node(lone)
    spin.drain()
    bring(lone, group, lambda: calls.append(1))
    spin.discover(lambda: group.asked)
    next_one = make_executor_of()
    next_one.add_node(lone)
    group.open = True
    Spinner(next_one, spin.deadline_sec).until(lambda: calls)
    assert calls == [1]
