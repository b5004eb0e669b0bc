# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Waitables of users: what they add to a wait set wakes them, or they say themselves.

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import (
    MutuallyExclusiveCallbackGroup,
)
from rclpy.node import Node
from rclpy.waitable import NumberOfEntities
from std_msgs.msg import Int64

from tests.support.executors import breaks, lacks, new_future
from tests.support.spinner import Spinner
from tests.support.waitables import DrivenInbox, Inbox, Listener, OwnHandle, Ticker

if TYPE_CHECKING:
    from rclpy.executors import Executor

NO_GUARDS = "does not support guard conditions"


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
@pytest.mark.parametrize("make_handle", [OwnHandle, lambda: 3], ids=["file", "number"])
def test_a_waitable_has_attributes_of_its_own(
    executor: Executor,
    lone: Node,
    spin: Spinner,
    make_inbox: MakeInbox,
    make_handle: Callable[[], Any],
) -> None:
    """What it calls as rclpy's entities call theirs is not touched."""
    inbox: Any = make_inbox(lone)
    handle = inbox.handle = inbox._node = make_handle()
    inbox.put(1)
    executor.add_node(lone)
    spin.until(lambda: inbox.executed)
    executor.remove_node(lone)
    assert not getattr(handle, "closed", False)


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


@breaks(events=NO_GUARDS)
@lacks(single="never serves it again")
@INBOXES
def test_what_was_not_taken_is_taken_later(
    node: Node, spin: Spinner, make_inbox: MakeInbox
) -> None:
    """An exception of take_data loses nothing: it is tried again, without another event."""
    inbox = make_inbox(node)
    inbox.take_error = ValueError("on purpose")
    inbox.put(1)
    with pytest.raises(ValueError, match="on purpose"):
        spin.until(lambda: False)
    inbox.take_error = None
    spin.until(lambda: inbox.executed)
    assert inbox.executed == [1]


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


def test_a_timer_of_a_waitable_is_reset(executor: Executor, node: Node, spin: Spinner) -> None:
    """A timer that was cancelled wakes its waitable again once it is reset."""
    ticker = Ticker(node)
    spin.until(lambda: ticker.executed)
    ticker.entity.cancel_timer()
    spin.drain()
    before = len(ticker.executed)
    spin.drain()
    assert len(ticker.executed) == before
    ticker.entity.reset_timer()
    executor.wake()  # for those that wait in a wait set which has no cancelled timers
    spin.until(lambda: len(ticker.executed) > before)
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


class Counted(NumberOfEntities):
    """Numbers of a user's own class."""

    __slots__ = ()


class CountsItself(Inbox):
    """A waitable that counts in its own way."""

    def get_num_entities(self) -> NumberOfEntities:
        """Count the guard condition."""
        return Counted(num_gcs=1)


@breaks(events=NO_GUARDS)
def test_a_waitable_counts_by_a_class_of_its_own(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """It is executed as any other."""
    inbox = CountsItself(node)
    inbox.put(1)
    spin.until(lambda: inbox.executed)


@breaks(events=NO_GUARDS)
@INBOXES
def test_a_waitable_returns_a_future(
    executor: Executor, node: Node, spin: Spinner, make_inbox: MakeInbox
) -> None:
    """Whatever can be awaited is, and keeps its group meanwhile."""
    inbox: Any = make_inbox(node, MutuallyExclusiveCallbackGroup())
    may_end = new_future(executor)

    def execute(taken_data: Any) -> Any:
        inbox.executed.append(taken_data)
        return may_end

    inbox.execute = execute
    inbox.put(1)
    inbox.put(2)
    spin.until(lambda: inbox.executed)
    spin.drain()
    assert inbox.executed == [1]
    may_end.set_result(None)
    executor.wake()
    spin.until(lambda: len(inbox.executed) == 2)


@lacks(single="awaits what it returns")
@breaks(events=NO_GUARDS)
@INBOXES
def test_a_waitable_returns_nothing(node: Node, spin: Spinner, make_inbox: MakeInbox) -> None:
    """A plain method is executed, too."""
    inbox: Any = make_inbox(node)
    inbox.execute = inbox.executed.append
    inbox.put(1)
    inbox.put(2)
    spin.until(lambda: len(inbox.executed) == 2)
