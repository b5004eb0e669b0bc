# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a callback group of the user's own class is told of: executions, and nothing else.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import GoalResponse
from rclpy.callback_groups import CallbackGroup
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from tests.support.actions import serve_action
from tests.support.executors import breaks
from tests.support.spinner import Spinner
from tests.support.waitables import DrivenInbox, Inbox

if TYPE_CHECKING:
    from rclpy.executors import Executor

NO_GROUPS = breaks(events="has no callback groups")

# What one callback is in the story of a group.
EXECUTION = ["begin", "call", "end"]


class Story(CallbackGroup):
    """A group that spends a token on each execution, and writes down what it is told."""

    def __init__(self, tokens: int = 1000) -> None:
        super().__init__()
        self.tokens = tokens
        self.asked = 0
        self.told: list[str] = []

    def can_execute(self, entity: Any) -> bool:
        """Tell whether a token is left."""
        self.asked += 1
        return self.tokens > 0

    def beginning_execution(self, entity: Any) -> bool:
        """Spend a token."""
        self.told.append("begin")
        self.tokens -= 1
        return True

    def ending_execution(self, entity: Any) -> None:
        """Write it down."""
        self.told.append("end")

    def called(self, *_: Any) -> None:
        """Be what is called."""
        self.told.append("call")

    def ended(self, count: int) -> Callable[[], bool]:
        """Return what tells whether so many executions have ended."""
        return lambda: self.told.count("end") >= count


@pytest.fixture
def group() -> Story:
    """The group of the test."""
    return Story()


Bring = Callable[[Node, Story, Spinner], int]


def messages(node: Node, group: Story, spin: Spinner) -> int:
    """Messages, of which the queue keeps the last ones."""
    node.create_subscription(Int64, "topic", group.called, 3, callback_group=group)
    publisher = node.create_publisher(Int64, "topic", 10)
    for _ in range(5):
        publisher.publish(Int64())
    return 3


def raw_message(node: Node, group: Story, spin: Spinner) -> int:
    """A message that is not converted."""
    node.create_subscription(Int64, "topic", group.called, 10, callback_group=group, raw=True)
    node.create_publisher(Int64, "topic", 10).publish(Int64())
    return 1


def requests(node: Node, group: Story, spin: Spinner) -> int:
    """Requests of a client."""

    def answer(_: Any, response: Any) -> Any:
        group.called()
        return response

    node.create_service(Trigger, "service", answer, callback_group=group)
    client = node.create_client(Trigger, "service")
    spin.complete(client.call_async(Trigger.Request()))
    spin.complete(client.call_async(Trigger.Request()))
    return 2


def tick(node: Node, group: Story, spin: Spinner) -> int:
    """A call of a timer, which is cancelled then."""

    def call() -> None:
        timer.cancel()
        group.called()

    timer = node.create_timer(0.001, call, callback_group=group)
    return 1


def trigger(node: Node, group: Story, spin: Spinner) -> int:
    """A guard condition that is triggered."""
    node.create_guard_condition(group.called, group).trigger()
    return 1


def match(node: Node, group: Story, spin: Spinner) -> int:
    """An event of a publisher, and one of a subscription."""
    node.create_subscription(
        *(Int64, "topic", lambda _: None, 10),
        callback_group=group,
        event_callbacks=SubscriptionEventCallbacks(matched=group.called),
    )
    spin.drain()
    node.create_publisher(
        *(Int64, "topic", 10),
        callback_group=group,
        event_callbacks=PublisherEventCallbacks(matched=group.called),
    )
    return 2


def items(make_inbox: type[Inbox], node: Node, group: Story, spin: Spinner) -> int:
    """What was put into a waitable."""
    inbox = make_inbox(node, group)
    inbox.on_executed = group.called
    for item in range(3):
        inbox.put(item)
    return 3


def inbox(node: Node, group: Story, spin: Spinner) -> int:
    """What was put into a waitable for wait sets."""
    return items(Inbox, node, group, spin)


def driven_inbox(node: Node, group: Story, spin: Spinner) -> int:
    """What was put into a waitable that says itself when it is ready."""
    return items(DrivenInbox, node, group, spin)


@NO_GROUPS
@pytest.mark.parametrize(
    "bring", [messages, raw_message, requests, tick, trigger, match, inbox, driven_inbox]
)
def test_a_group_is_told_of_what_is_executed(
    node: Node, group: Story, spin: Spinner, bring: Bring
) -> None:
    """Of each execution, before and after it; of no other."""
    count = bring(node, group, spin)
    spin.until(group.ended(count))
    spin.drain()
    assert group.told == EXECUTION * count


@NO_GROUPS
def test_the_group_of_an_action_server(node: Node, group: Story, spin: Spinner) -> None:
    """It is told of each request: here of one for a goal and one for its result."""

    def accept(_: Any) -> GoalResponse:
        group.called()
        return GoalResponse.ACCEPT

    serve_action(node, callback_group=group, goal_callback=accept)
    client = ActionClient(node, Fibonacci, "action")
    handle = spin.complete(client.send_goal_async(Fibonacci.Goal(order=1)))
    spin.complete(handle.get_result_async())
    spin.drain()
    assert group.told == [*EXECUTION, "begin", "end"]


@NO_GROUPS
def test_a_group_is_told_nothing_while_nothing_happens(
    executor: Executor, lone: Node, group: Story, spin: Spinner
) -> None:
    """Whatever is in it, when it comes to an executor and later."""
    lone.create_subscription(Int64, "topic", group.called, 10, callback_group=group)
    lone.create_publisher(Int64, "other", 10, callback_group=group)
    lone.create_service(Trigger, "service", group.called, callback_group=group)
    lone.create_client(Trigger, "service", callback_group=group)
    lone.create_timer(3600.0, group.called, callback_group=group)
    lone.create_timer(0.0, group.called, callback_group=group).cancel()
    lone.create_guard_condition(group.called, group)
    serve_action(lone, callback_group=group)
    ActionClient(lone, Fibonacci, "other", callback_group=group)
    Inbox(lone, group)
    DrivenInbox(lone, group)
    executor.add_node(lone)
    spin.drain()
    executor.wake()
    spin.drain()
    assert group.told == []


@NO_GROUPS
@pytest.mark.parametrize(
    "bring", [messages, raw_message, tick, trigger, match, inbox, driven_inbox]
)
def test_what_is_refused_is_executed_when_a_token_comes(
    node: Node, spin: Spinner, bring: Bring
) -> None:
    """Each for a token, and the group is told of nothing before."""
    group = Story(tokens=0)
    count = bring(node, group, spin)
    spin.discover(lambda: group.asked > 20)
    assert group.told == []
    for done in range(1, count + 1):
        group.tokens += 1
        spin.discover(group.ended(done))
        spin.drain()
        assert group.told == EXECUTION * done
    group.tokens += 1
    spin.drain()
    assert group.told == EXECUTION * count


@NO_GROUPS
def test_messages_that_are_refused_keep_their_order(node: Node, spin: Spinner) -> None:
    """They wait in the queue of the middleware, which keeps the last ones."""
    group = Story(tokens=0)
    received: list[int] = []
    node.create_subscription(
        *(Int64, "topic", lambda message: received.append(message.data), 3), callback_group=group
    )
    publisher = node.create_publisher(Int64, "topic", 10)
    for number in range(3):
        publisher.publish(Int64(data=number))
    spin.discover(lambda: group.asked > 20)
    group.tokens = 1
    spin.discover(group.ended(1))
    for number in range(3, 5):
        publisher.publish(Int64(data=number))
    spin.drain()
    group.tokens = 10
    spin.discover(group.ended(4))
    spin.drain()
    assert received == [0, 2, 3, 4]
