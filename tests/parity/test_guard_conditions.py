# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Guard conditions: what was triggered before a spin_once is ready in it, and is called once.

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.guard_condition import GuardCondition
from rclpy.node import Node
from rclpy.waitable import NumberOfEntities, Waitable

from tests.support.executors import breaks
from tests.support.spinner import Spinner
from tests.support.turns import Turn
from tests.support.waitables import Inbox

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode

    _Waitable = Waitable[Any]
else:  # not generic at run time on Jazzy
    _Waitable = Waitable

ROUNDS = 50

pytestmark = breaks(events="has no guard conditions")


def test_what_was_triggered_is_ready_at_once(executor: Executor, node: Node, spin: Spinner) -> None:
    """A spin_once that does not wait runs the callback of what was triggered just before."""
    calls: list[int] = []
    for number in range(ROUNDS):
        guard = node.create_guard_condition(functools.partial(calls.append, number))
        spin.drain(1)
        guard.trigger()
        spin.drain(1)
        assert calls == list(range(number + 1))
        node.destroy_guard_condition(guard)


def test_what_was_triggered_before_it_was_served_is_ready_at_once(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """A trigger that came before the node was added is not lost, and not late."""
    calls: list[int] = []
    node = make_node()
    node.create_guard_condition(lambda: calls.append(1)).trigger()
    executor.add_node(node)
    spin.drain(1)
    assert calls == [1]


def test_triggers_before_the_call_are_one_call(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """Of two guard conditions that were triggered twice each is called once, and not again."""
    calls: list[str] = []
    guards = [
        node.create_guard_condition(functools.partial(calls.append, name)) for name in ("a", "b")
    ]
    spin.drain()
    for _ in range(ROUNDS):
        for guard in [*guards, *guards]:
            guard.trigger()
        spin.drain(2)
        assert sorted(calls) == ["a", "b"]
        spin.drain(2)
        assert len(calls) == 2
        calls.clear()
    executor.spin_once(timeout_sec=0.05)  # nothing comes late, either
    assert calls == []


def test_a_coroutine_of_a_guard_condition_begins_at_once(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """The first step of the callback is part of the spin_once that saw the trigger."""
    steps: list[int] = []

    async def callback() -> None:
        steps.append(1)
        await Turn()
        steps.append(2)

    guard = node.create_guard_condition(callback)  # type: ignore[arg-type]
    guard.trigger()
    spin.drain(1)
    assert steps == [1]
    executor.spin_once(timeout_sec=1)
    assert steps == [1, 2]


def test_a_trigger_that_somebody_has_kept_goes_on_working(
    executor: Executor, make_node: MakeNode, spin: Spinner
) -> None:
    """The bound method works while the node is served, and after it has gone elsewhere."""
    calls: list[int] = []
    node = make_node()
    guard = node.create_guard_condition(lambda: calls.append(1))
    before = guard.trigger
    executor.add_node(node)
    spin.drain()
    while_served = guard.trigger
    for trigger in (before, while_served):
        trigger()
        spin.until(lambda: calls)
        calls.clear()
    executor.remove_node(node)
    spin.drain()
    other = SingleThreadedExecutor(context=node.context)
    other.add_node(node)
    for trigger in (before, while_served, guard.trigger):
        trigger()
        other.spin_once(timeout_sec=spin.deadline_sec)
        assert calls == [1]
        calls.clear()
    other.shutdown()


def test_a_trigger_is_a_callback(executor: Executor, node: Node, spin: Spinner) -> None:
    """The method of a guard condition that is served already may be the callback of a timer."""
    calls: list[int] = []
    guard = node.create_guard_condition(lambda: calls.append(1))
    spin.drain()
    node.create_timer(0.01, guard.trigger)
    spin.until(lambda: calls)


def test_a_trigger_of_a_subclass_is_its_own(executor: Executor, node: Node, spin: Spinner) -> None:
    """Whoever overrides trigger() is asked, and the trigger below it arrives."""
    log: list[str] = []

    class Loud(GuardCondition):
        def trigger(self) -> None:
            log.append("triggered")
            super().trigger()

    guard = Loud(lambda: log.append("called"), ReentrantCallbackGroup(), node.context)
    guards: Any = node._guards
    guards.append(guard)
    executor.wake()
    spin.drain()
    guard.trigger()
    spin.until(lambda: "called" in log)
    assert log == ["triggered", "called"]


def test_a_waitable_is_ready_at_once(executor: Executor, node: Node, spin: Spinner) -> None:
    """A spin_once that does not wait sees a guard condition of a waitable that was triggered."""
    inbox = Inbox(node)
    spin.drain()
    for number in range(ROUNDS):
        inbox.put(number)
        spin.drain(2)  # SingleThreadedExecutor runs the coroutine in the second
        assert inbox.executed == list(range(number + 1))


class Empty(_Waitable):
    """A waitable without an entity: it is never ready."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass

    def is_ready(self, wait_set: Any) -> bool:
        return False

    def take_data(self) -> None:
        return None

    async def execute(self, taken_data: None) -> None:
        pass

    def get_num_entities(self) -> NumberOfEntities:
        return NumberOfEntities(0, 0, 0, 0, 0)

    def add_to_wait_set(self, wait_set: Any) -> None:
        pass


def test_a_waitable_may_hold_nothing(executor: Executor, node: Node, spin: Spinner) -> None:
    """A waitable without entities harms nobody."""
    node.add_waitable(Empty(ReentrantCallbackGroup()))
    calls: list[int] = []
    spin.drain()
    node.create_guard_condition(lambda: calls.append(1)).trigger()
    spin.until(lambda: calls)
