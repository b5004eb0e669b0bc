# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Waitables of users: what they add to a wait set wakes them, or they say themselves.

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import (
    CallbackGroup,
    MutuallyExclusiveCallbackGroup,
    ReentrantCallbackGroup,
)
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.task import Future
from rclpy.type_support import check_is_valid_msg_type
from rclpy.waitable import NumberOfEntities, Waitable
from std_msgs.msg import Int64

from tests.support.executors import breaks, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    _Waitable = Waitable[Any]
else:  # not generic at run time on Jazzy
    _Waitable = Waitable

NO_GUARDS = "does not support guard conditions"


class OneEntity(_Waitable):
    """A waitable as users write them for wait sets, with one entity of rclpy's in it."""

    KIND = ""

    def __init__(self, node: Node, entity: Any, group: CallbackGroup | None = None) -> None:
        super().__init__(group or ReentrantCallbackGroup())
        self.entity = entity
        self.index: int | None = None
        self.executed: list[Any] = []
        self.may_end: Future[Any] | None = None
        self.error: Exception | None = None
        self.take_error: Exception | None = None
        node.add_waitable(self)

    def __enter__(self) -> None:
        self.entity.__enter__()

    def __exit__(self, *error: Any) -> None:
        self.entity.__exit__(*error)

    def is_ready(self, wait_set: Any) -> bool:
        """Tell whether the entity is ready in the wait set."""
        return self.index is not None and wait_set.is_ready(self.KIND, self.index)

    async def execute(self, taken_data: Any) -> None:
        """Note what was taken; after that raise or wait, if told so."""
        self.executed.append(taken_data)
        if self.error is not None:
            raise self.error
        if self.may_end is not None:
            await self.may_end


class Inbox(OneEntity):
    """Takes what any thread puts into it."""

    KIND = "guard_condition"

    def __init__(self, node: Node, group: CallbackGroup | None = None) -> None:
        assert node.context.handle is not None
        with node.context.handle:
            guard = _rclpy.GuardCondition(node.context.handle)
        self.items: deque[Any] = deque()
        super().__init__(node, guard, group)

    def put(self, item: Any) -> None:
        """Put something in. Any thread."""
        self.items.append(item)
        self.entity.trigger_guard_condition()

    def is_ready(self, wait_set: Any) -> bool:
        """Tell whether there is something: a trigger may come late for what was taken before."""
        return super().is_ready(wait_set) and bool(self.items)

    def take_data(self) -> Any:
        """Take the oldest, and be ready again if there is more."""
        if self.take_error is not None:
            raise self.take_error
        item = self.items.popleft()
        if self.items:
            self.entity.trigger_guard_condition()
        return item

    def get_num_entities(self) -> NumberOfEntities:
        """Count the guard condition."""
        return NumberOfEntities(num_gcs=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add the guard condition."""
        self.index = wait_set.add_guard_condition(self.entity)


class Listener(OneEntity):
    """Takes the messages of a subscription of its own."""

    KIND = "subscription"

    def __init__(self, node: Node) -> None:
        check_is_valid_msg_type(Int64)
        with node.handle:
            qos = QoSProfile(depth=10).get_c_qos_profile()
            subscription = _rclpy.Subscription(node.handle, Int64, "topic", qos)
        super().__init__(node, subscription)

    def take_data(self) -> Any:
        """Take one message."""
        return self.entity.take_message(Int64, False)[0].data

    def get_num_entities(self) -> NumberOfEntities:
        """Count the subscription."""
        return NumberOfEntities(num_subs=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add the subscription."""
        self.index = wait_set.add_subscription(self.entity)


class Ticker(OneEntity):
    """Takes the calls of a timer of its own."""

    KIND = "timer"

    def __init__(self, node: Node) -> None:
        self.clock = Clock(clock_type=ClockType.STEADY_TIME)
        assert node.context.handle is not None
        with self.clock.handle, node.context.handle:
            timer = _rclpy.Timer(self.clock.handle, node.context.handle, 2_000_000, True)
        super().__init__(node, timer)

    def take_data(self) -> Any:
        """Call the timer."""
        self.entity.call_timer()
        return "tick"

    def get_num_entities(self) -> NumberOfEntities:
        """Count the timer."""
        return NumberOfEntities(num_timers=1)

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add the timer."""
        self.index = wait_set.add_timer(self.entity)


class DrivenInbox(Inbox):
    """An inbox that says itself when it is ready, as rclcpp's waitables do."""

    def __init__(self, node: Node, group: CallbackGroup | None = None) -> None:
        self.on_ready: Callable[[int], None] | None = None
        self.in_wait_sets = 0
        super().__init__(node, group)

    def set_on_ready_callback(self, callback: Callable[[int], None]) -> None:
        """Call it with the number of new items, and now with what is there already."""
        self.on_ready = callback
        if self.items:
            callback(len(self.items))

    def clear_on_ready_callback(self) -> None:
        """Call it no more."""
        self.on_ready = None

    def put(self, item: Any) -> None:
        """Put something in. Any thread."""
        self.put_all([item])

    def put_all(self, items: list[Any]) -> None:
        """Put several in at a time."""
        self.items.extend(items)
        if self.on_ready is not None:
            self.on_ready(len(items))
        else:
            self.entity.trigger_guard_condition()

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Count what a driven waitable has no need of."""
        self.in_wait_sets += 1
        super().add_to_wait_set(wait_set)


INBOXES = pytest.mark.parametrize("make_inbox", [Inbox, DrivenInbox])
MakeInbox = Callable[..., Inbox]


@breaks(events=NO_GUARDS)
@INBOXES
def test_a_waitable_wakes_the_executor(
    executor: Executor, node: Node, spin: Spinner, make_inbox: MakeInbox
) -> None:
    """What another thread puts in while the executor waits is executed, all of it, in order."""
    inbox = make_inbox(node)
    spin.drain()

    def work() -> None:
        for number in range(100):
            inbox.put(number)

    thread = threading.Thread(target=work)
    executor.create_task(thread.start)
    spin.until(lambda: len(inbox.executed) == 100)
    thread.join()
    assert inbox.executed == list(range(100))


@breaks(events=NO_GUARDS)
@INBOXES
def test_a_waitable_was_ready_before(
    executor: Executor, lone: Node, spin: Spinner, make_inbox: MakeInbox
) -> None:
    """What was there before the node was added is executed."""
    inbox = make_inbox(lone)
    inbox.put(1)
    inbox.put(2)
    executor.add_node(lone)
    spin.until(lambda: len(inbox.executed) == 2)
    assert inbox.executed == [1, 2]


@breaks(events=NO_GUARDS)
@INBOXES
def test_a_waitable_moves_on(
    executor: Executor, lone: Node, spin: Spinner, make_inbox: MakeInbox
) -> None:
    """A node that is removed and added again brings what came meanwhile, and nothing twice."""
    inbox = make_inbox(lone)
    for number in range(3):
        executor.add_node(lone)
        inbox.put(number)
        executor.remove_node(lone)
        spin.drain()
    inbox.put(3)
    executor.add_node(lone)
    spin.until(lambda: len(inbox.executed) == 4)
    spin.drain()
    assert inbox.executed == [0, 1, 2, 3]


@breaks(events=NO_GUARDS)
@INBOXES
def test_a_waitable_waits_for_its_group(
    executor: Executor, node: Node, spin: Spinner, make_inbox: MakeInbox
) -> None:
    """A coroutine of an exclusive group that is suspended holds the next one back."""
    inbox = make_inbox(node, MutuallyExclusiveCallbackGroup())
    inbox.may_end = new_future(executor)
    inbox.put(1)
    inbox.put(2)
    spin.until(lambda: inbox.executed)
    spin.drain()
    assert inbox.executed == [1]
    inbox.may_end.set_result(None)
    spin.until(lambda: len(inbox.executed) == 2)


@breaks(events=NO_GUARDS)
@INBOXES
def test_a_waitable_is_removed(node: Node, spin: Spinner, make_inbox: MakeInbox) -> None:
    """A waitable that its node has removed is executed no more; another one is."""
    removed, other = make_inbox(node), make_inbox(node)
    removed.put(1)
    spin.until(lambda: removed.executed)
    node.remove_waitable(removed)
    removed.put(2)
    other.put(3)
    spin.until(lambda: other.executed)
    spin.drain()
    assert removed.executed == [1]
    assert getattr(removed, "on_ready", None) is None


@breaks(events=NO_GUARDS)
@INBOXES
def test_what_a_waitable_raises_ends_the_spin(
    node: Node, spin: Spinner, make_inbox: MakeInbox
) -> None:
    """An exception of execute leaves the spin call, and the waitable is served on."""
    inbox = make_inbox(node)
    inbox.error = ValueError("on purpose")
    inbox.put(1)
    with pytest.raises(ValueError, match="on purpose"):
        spin.until(lambda: False)
    inbox.error = None
    inbox.put(2)
    spin.until(lambda: len(inbox.executed) == 2)
    assert inbox.executed == [1, 2]


@breaks(events=NO_GUARDS)
@lacks(single="never serves it again")
@INBOXES
def test_a_waitable_raises_while_it_takes(node: Node, spin: Spinner, make_inbox: MakeInbox) -> None:
    """An exception of take_data leaves the spin call, and the waitable is served on."""
    inbox = make_inbox(node)
    inbox.take_error = ValueError("on purpose")
    inbox.put(1)
    with pytest.raises(ValueError, match="on purpose"):
        spin.until(lambda: False)
    inbox.take_error = None
    inbox.put(2)
    spin.until(lambda: inbox.executed)


def test_a_waitable_has_a_subscription(node: Node, spin: Spinner) -> None:
    """A message wakes a waitable that has added a subscription to the wait set."""
    listener = Listener(node)
    publisher = node.create_publisher(Int64, "topic", 10)
    spin.discover(lambda: publisher.get_subscription_count() == 1)
    for number in range(5):
        publisher.publish(Int64(data=number))
    spin.until(lambda: len(listener.executed) == 5)
    assert listener.executed == list(range(5))


def test_a_waitable_has_a_timer(node: Node, spin: Spinner) -> None:
    """A timer that a waitable has added to the wait set wakes it again and again."""
    ticker = Ticker(node)
    spin.until(lambda: len(ticker.executed) == 3)
    node.remove_waitable(ticker)


@breaks(events=NO_GUARDS)
@lacks(single="knows wait sets only")
def test_a_driven_waitable_is_in_no_wait_set(node: Node, spin: Spinner) -> None:
    """Several events at a time are as many takes, and no wait set is made for any of them."""
    inbox = DrivenInbox(node)
    spin.drain()
    inbox.put_all([1, 2, 3])
    spin.until(lambda: len(inbox.executed) == 3)
    assert inbox.executed == [1, 2, 3]
    assert inbox.in_wait_sets == 0
