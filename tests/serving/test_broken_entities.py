# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Entities that cannot be watched, or raise when they are let go: named once, and no other's harm.

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from rclpy.waitable import NumberOfEntities, Waitable
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor
from aiorcl._serving.registry import served
from tests.support.elsewhere import call_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.makers import MakeNode

    _Waitable = Waitable[Any]
else:  # not generic at run time on Jazzy
    _Waitable = Waitable


class Broken(_Waitable):
    """A waitable of the user's that raises where it is told to."""

    def __init__(self, node: Node, *, watched: Exception | None, left: bool = False) -> None:
        super().__init__(ReentrantCallbackGroup())
        self.watched = watched
        self.left = left
        self.asked = 0
        node.add_waitable(self)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        if self.left:
            raise ValueError("cannot be let go")

    def get_num_entities(self) -> NumberOfEntities:
        """Raise, or have none."""
        self.asked += 1
        if self.watched is not None:
            raise self.watched
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set: Any) -> None:
        """Add nothing."""

    def is_ready(self, wait_set: Any) -> bool:
        """Never."""
        return False

    def take_data(self) -> None:
        """Take nothing."""

    async def execute(self, taken_data: Any) -> None:
        """Do nothing."""


@pytest.fixture
def told() -> list[tuple[BaseException, str]]:
    """What ``on_error`` of the executor was told."""
    return []


@pytest.fixture
def ours(context: Context, told: list[tuple[BaseException, str]]) -> Iterator[AsyncioExecutor]:
    """An executor that goes on after errors."""
    with AsyncioExecutor(
        context=context, on_error=lambda error, label: told.append((error, label))
    ) as executor:
        yield executor


errors = pytest.mark.parametrize("error", [ValueError("wrong"), AttributeError("wrong")])


def test_add_node_raises_and_leaves_no_node_behind(context: Context, lone: Node) -> None:
    """It names the entity and its node, of which nothing is watched, and which may come again."""
    subscription = lone.create_subscription(Int64, "topic", lambda message: None, 10)
    broken = Broken(lone, watched=ValueError("wrong"))
    with AsyncioExecutor(context=context) as executor:
        for _ in range(2):
            with pytest.raises(ValueError, match="wrong") as caught:
                executor.add_node(lone)
            assert caught.value.__notes__[-1] == (
                f"In waitable Broken of node '{lone.get_fully_qualified_name()}'"
            )
            assert executor.get_nodes() == []
            assert lone.executor is None
            assert served(subscription) is None
        broken.watched = None
        assert executor.add_node(lone)
        assert served(subscription) is not None


@errors
def test_an_entity_that_comes_later_is_named_once(
    ours: AsyncioExecutor,
    told: list[tuple[BaseException, str]],
    make_node: MakeNode,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the executor's errors, not to who makes it or another entity; all others are served."""
    monkeypatch.setattr("aiorcl._serving.node._CONSTRUCTION_SEC", 0.02)
    node, other = make_node(), make_node()
    ours.add_node(node)
    broken = Broken(node, watched=error)
    received: list[int] = []
    other.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    ours.add_node(other)
    while not told:
        ours.spin_once(timeout_sec=0.01)
    asked = broken.asked
    assert asked <= 10
    for number in range(5):
        other.create_publisher(Int64, "topic", 10).publish(Int64(data=number))
        node.create_timer(1.0, lambda: None)
        ours.wake()
        while len(received) <= number:
            ours.spin_once(timeout_sec=1)
    assert told == [(error, f"waitable Broken of node '{node.get_fully_qualified_name()}'")]
    assert broken.asked == asked
    ours.remove_node(node)


def by_async_with(executor: AsyncioExecutor) -> None:
    """Run it in a block, which is left at once if it can be entered."""

    async def main() -> None:
        async with executor:
            pass

    asyncio.run(main())


RUNS: list[Callable[[AsyncioExecutor], None]] = [
    lambda executor: executor.spin(),
    lambda executor: executor.spin_once(),
    lambda executor: executor.spin_until_future_complete(executor.create_future()),
    by_async_with,
]


@pytest.mark.parametrize("run", RUNS, ids=["spin", "spin_once", "until", "async_with"])
@pytest.mark.parametrize("thread", [False, True], ids=["here", "thread"])
def test_an_entity_that_comes_while_nothing_runs_is_told_of_by_the_next_run(
    context: Context, lone: Node, run: Callable[[AsyncioExecutor], None], thread: bool
) -> None:
    """At once and once: the run after that serves all others."""
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        bring = partial(Broken, lone, watched=ValueError("wrong"))
        if thread:
            call_elsewhere(bring)
        else:
            bring()
        with pytest.raises(ValueError, match="wrong") as caught:
            run(executor)
        assert caught.value.__notes__ == [
            f"In waitable Broken of node '{lone.get_fully_qualified_name()}'"
        ]
        assert not executor.is_spinning
        executor.spin_until_future_complete(executor.create_task(lambda: None))


def test_an_entity_that_becomes_whole_is_served(
    ours: AsyncioExecutor, told: list[tuple[BaseException, str]], make_node: MakeNode
) -> None:
    """Its constructor had added it to the node before it had all attributes."""
    node = make_node()
    ours.add_node(node)
    late = Broken(node, watched=AttributeError("comes later"))
    assert served(late) is None
    late.watched = None
    while served(late) is None:
        ours.spin_once(timeout_sec=0.01)
    assert told == []


def test_an_entity_that_cannot_be_let_go_keeps_no_other(
    ours: AsyncioExecutor, told: list[tuple[BaseException, str]], make_node: MakeNode
) -> None:
    """Each failure is told once, and all others are watched no more."""
    node = make_node()
    Broken(node, watched=None, left=True)
    subscription = node.create_subscription(Int64, "topic", lambda message: None, 10)
    Broken(node, watched=None, left=True)
    after = Broken(node, watched=None)
    ours.add_node(node)
    del told[:]  # of the attempts to watch, which raise when they are given up
    ours.remove_node(node)
    ours.remove_node(node)
    assert served(subscription) is None
    assert served(after) is None
    name = f"waitable Broken of node '{node.get_fully_qualified_name()}'"
    assert [label for _, label in told] == [name] * 2
