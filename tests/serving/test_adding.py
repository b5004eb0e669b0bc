# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What add_node refuses leaves the executor, and the node's class, as they were.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

from aiorcl import AsyncioExecutor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.makers import MakeNode


class MyNode(Node):
    """A node of a user's."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.ticks = 0
        self.create_timer(0.001, self._tick)

    def _tick(self) -> None:
        self.ticks += 1


@pytest.fixture
def executor(context: Context) -> Iterator[AsyncioExecutor]:
    """An executor, which ends without an error."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "add_node() takes a node, not None (NoneType)"),
        ("node", "add_node() takes a node, not 'node' (str)"),
        (
            MyNode,
            f"add_node() takes a node, not the class {__name__}.MyNode itself: write "
            "add_node(MyNode())",
        ),
    ],
)
def test_what_is_no_node_is_refused(
    executor: AsyncioExecutor, make_node: MakeNode, wrong: Any, message: str
) -> None:
    """Nothing was changed before: nodes are added, made and run as ever."""
    with pytest.raises(TypeError) as caught:
        executor.add_node(wrong)
    assert str(caught.value) == message
    assert executor.get_nodes() == []
    assert "executor" not in vars(MyNode)
    node: Any = make_node(MyNode)
    assert executor.add_node(node)
    while not node.ticks:
        executor.spin_once(timeout_sec=10)


def test_a_node_that_refuses_an_executor(executor: AsyncioExecutor, make_node: MakeNode) -> None:
    """What its class raises leaves no trace of it."""

    class Refuses(Node):
        @property
        def executor(self) -> Any:
            return None

        @executor.setter
        def executor(self, new_executor: Any) -> None:
            if new_executor is not None:
                raise RuntimeError("refused")

    node = make_node(Refuses)
    with pytest.raises(RuntimeError, match="refused"):
        executor.add_node(node)
    assert executor.get_nodes() == []
    executor.spin_once(timeout_sec=0)


def test_a_destroyed_node_is_refused(context: Context, lone: Node) -> None:
    """It would never do anything; by name of its class."""
    executor = AsyncioExecutor(context=context)
    lone.destroy_node()
    with pytest.raises(InvalidHandle, match=r"add_node\(\): .*Node.* was destroyed"):
        executor.add_node(lone)
    assert executor.get_nodes() == []
    executor.shutdown()
