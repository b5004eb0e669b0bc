# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What executors have in common: the typing base, and the base class with its list of nodes.

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import pytest
import rclpy.executors
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AbstractExecutor, AsyncioExecutor, ExecutorBase, Future
from aiorcl._program import stand_ins

if TYPE_CHECKING:
    from tests.support.executors import Flavour
    from tests.support.makers import MakeExecutor, MakeNode


class Listed(ExecutorBase):
    """The least that an executor can be: it has nodes."""

    woken = 0

    def wake(self) -> None:
        """Count what the base class wants looked at."""
        self.woken += 1


def names(executor: AbstractExecutor) -> list[str]:
    """Use an executor of any kind, as the type checker sees it."""
    executor.wake()
    return [node.get_name() for node in executor.get_nodes()]


def test_every_executor_is_an_abstract_one(
    flavour: Flavour, make_executor_of: MakeExecutor, lone: Node
) -> None:
    """What AbstractExecutor names, executors of rclpy and ours have."""
    executor = make_executor_of()
    executor.add_node(lone)
    members = [name for name in vars(AbstractExecutor) if not name.startswith("_")]
    assert "spin_until_future_complete" in members
    assert [name for name in members if not hasattr(executor, name)] == []
    assert names(executor) == [lone.get_name()]


def test_our_executor_is_one_of_rclpy(context: Context) -> None:
    """Code that asks isinstance(executor, rclpy.executors.Executor) takes ours."""
    with AsyncioExecutor(context=context) as executor:
        assert isinstance(executor, rclpy.executors.Executor)
        assert isinstance(executor, ExecutorBase)


@pytest.mark.parametrize(
    "cls",
    [ExecutorBase, Listed, AsyncioExecutor, stand_ins.SingleThreadedExecutor],
    ids=lambda cls: cls.__module__ + cls.__name__,
)
def test_what_is_no_context(cls: Any, lone: Node) -> None:
    """It is refused by every executor, which is named, with what to write."""
    wrong: dict[object, str] = {
        5: r"5 \(int\)",
        "context": r"'context' \(str\)",
        Context: "the class rclpy.context.Context itself",
        lone: r"<rclpy.node.Node object at .*> \(rclpy.node.Node\)",
    }
    for value, shown in wrong.items():
        words = rf"^{cls.__name__}\(\) takes a Context of rclpy, such as node.context, not {shown}$"
        with pytest.raises(TypeError, match=words):
            cls(context=value)


def test_who_derives_says_how_it_is_woken(context: Context, lone: Node) -> None:
    """The error says what the subclass lacks."""

    class Bare(ExecutorBase):
        pass

    with pytest.raises(NotImplementedError, match=r"^Bare is an ExecutorBase without wake\(\)$"):
        Bare(context=context).add_node(lone)


def test_the_base_class_keeps_nodes(context: Context, make_node: MakeNode) -> None:
    """A subclass has add_node, remove_node, get_nodes and futures; it is told what changes."""
    executor = Listed(context=context)
    assert executor.context is context
    first, second = make_node(), make_node()
    assert executor.add_node(first) is True
    assert executor.add_node(first) is False
    assert executor.add_node(second) is True
    assert executor.get_nodes() == [first, second]
    assert first.executor is executor
    before = executor.woken
    executor.remove_node(first)
    executor.remove_node(first)
    assert executor.get_nodes() == [second]
    assert executor.woken == before + 1
    second.create_timer(1000.0, lambda: None)
    assert executor.woken > before + 1
    assert isinstance(executor.create_future(), Future)
    assert weakref.ref(executor)() is executor
