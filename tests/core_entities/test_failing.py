# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An entity from which nothing can be taken: named once, tried more and more rarely, and no harm.

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rclpy.callback_groups import CallbackGroup, ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from tests.support.waitables import DrivenInbox, Inbox

Told = list[tuple[str, str]]

INBOXES = pytest.mark.parametrize("make_inbox", [Inbox, DrivenInbox])


@pytest.fixture
def told() -> Told:
    """What ``on_error`` of the executor was told: classes of exceptions, and of what."""
    return []


@pytest.fixture
def executor(context: Context, lone: Node, told: Told) -> Iterator[AsyncioExecutor]:
    """An executor that serves the node and goes on after errors."""
    with AsyncioExecutor(
        context=context, on_error=lambda error, label: told.append((type(error).__name__, label))
    ) as executor:
        executor.add_node(lone)
        yield executor


class Takes:
    """Fails in the place of a waitable's method, for as long as it is told to."""

    def __init__(self, waitable: Any, method: str) -> None:
        self.error: Exception | None = ValueError("on purpose")
        self.times: list[float] = []
        self._method = getattr(waitable, method)
        setattr(waitable, method, self)

    def were(self, count: int) -> Callable[[], bool]:
        """Return what tells whether it was called so often."""
        return lambda: len(self.times) >= count

    def __call__(self, *args: Any) -> Any:
        self.times.append(time.monotonic())
        if self.error is not None:
            raise self.error
        return self._method(*args)


def spin_until(executor: AsyncioExecutor, done: Callable[[], object]) -> None:
    """Run callbacks until it is so."""
    while not done():
        executor.spin_once(timeout_sec=10)


class OwnGroup(ReentrantCallbackGroup):
    """A group of the user's own class, which is asked before anything is taken."""


@pytest.mark.parametrize("make_group", [ReentrantCallbackGroup, OwnGroup])
@pytest.mark.parametrize(
    ("make_inbox", "method"),
    [(Inbox, "is_ready"), (Inbox, "take_data"), (DrivenInbox, "take_data")],
)
def test_what_fails_again_and_again_is_named_once(
    executor: AsyncioExecutor,
    lone: Node,
    told: Told,
    make_inbox: Any,
    method: str,
    make_group: type[CallbackGroup],
) -> None:
    """It is tried after twice as long each time, and what it holds comes when it works again."""
    inbox = make_inbox(lone, make_group())
    takes = Takes(inbox, method)
    inbox.put(1)
    spin_until(executor, takes.were(10))
    assert takes.times[-1] - takes.times[-2] > 0.1  # an event that is late may bring one more
    name = f"waitable '{make_inbox.__name__}' of node '{lone.get_fully_qualified_name()}'"
    assert told == [("ValueError", name)]
    takes.error = None
    spin_until(executor, lambda: inbox.executed)
    assert inbox.executed == [1]
    assert len(told) == 1


@INBOXES
def test_its_next_event_tries_it_at_once(
    executor: AsyncioExecutor, lone: Node, told: Told, make_inbox: Any
) -> None:
    """Not only the time does; and that it fails then as well is no news."""
    inbox = make_inbox(lone)
    takes = Takes(inbox, "take_data")
    inbox.put(1)
    spin_until(executor, takes.were(8))
    for count in range(9, 12):
        began = time.monotonic()
        inbox.put(1)
        spin_until(executor, takes.were(count))
        assert time.monotonic() - began < 0.1
    assert len(told) == 1


@INBOXES
def test_another_trouble_is_named(
    executor: AsyncioExecutor, lone: Node, told: Told, make_inbox: Any
) -> None:
    """One of another class; or the same, when it has worked meanwhile."""
    inbox = make_inbox(lone)
    takes = Takes(inbox, "take_data")
    inbox.put(1)
    spin_until(executor, takes.were(3))
    takes.error = LookupError("another")
    spin_until(executor, takes.were(6))
    takes.error = None
    spin_until(executor, lambda: inbox.executed)
    takes.error = LookupError("again")
    inbox.put(2)
    spin_until(executor, takes.were(9))
    assert [name for name, _ in told] == ["ValueError", "LookupError", "LookupError"]


@INBOXES
def test_it_harms_no_other_call(context: Context, lone: Node, make_inbox: Any) -> None:
    """Without on_error one spin call raises; those that follow are for the others."""
    received: list[int] = []
    lone.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    publisher = lone.create_publisher(Int64, "topic", 10)
    inbox = make_inbox(lone)
    takes = Takes(inbox, "take_data")
    inbox.put(1)
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        with pytest.raises(ValueError, match="on purpose"):
            spin_until(executor, lambda: False)
        for number in range(5):
            publisher.publish(Int64(data=number))
            spin_until(executor, takes.were(number + 2))
        spin_until(executor, lambda: len(received) == 5)


@INBOXES
def test_what_execute_raises_is_each_time_news(
    executor: AsyncioExecutor, lone: Node, told: Told, make_inbox: Any
) -> None:
    """Something was taken: it is an exception of a callback."""
    inbox = make_inbox(lone)
    execute = Takes(inbox, "execute")
    for count in (1, 2, 3):
        inbox.put(count)
        spin_until(executor, execute.were(count))
    assert len(told) == 3
