# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How a node gets options that the constructor of its class does not take.

from __future__ import annotations

from typing import Any

import pytest
from rclpy.context import Context
from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.node import Node

from aiorcl._program.container.construction import Construction
from aiorcl._program.container.node_options import NodeOptions
from tests.support.elsewhere import call_elsewhere

RENAMED = NodeOptions(["--ros-args", "-r", "__node:=renamed"], [], False, LoggingSeverity.UNSET)


class Mine(Node):
    """A node in the context of the test."""

    context_of_test: Context

    def __init__(self, name: str = "mine") -> None:
        super().__init__(name, context=self.context_of_test, start_parameter_services=False)


class Derived(Mine):
    """Is one of those, too."""


@pytest.fixture(autouse=True)
def context_of_nodes(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the nodes are made."""
    monkeypatch.setattr(Mine, "context_of_test", context, raising=False)


def test_the_first_object_of_the_class_gets_them() -> None:
    """Not the next one, nor one of a class above it, nor one that is made afterwards."""
    plain: Any = Node.__init__
    with Construction(Derived, RENAMED) as construction:
        assert Mine().get_name() == "mine"
        given = Derived()
        assert given.get_name() == "renamed"
        assert construction.node is given
        assert Derived().get_name() == "mine"
    assert [each() is not None for each in construction.made].count(True) >= 1
    assert Node.__init__ is plain
    assert Mine().get_name() == "mine"


def test_other_threads_are_left_alone() -> None:
    """What they make meanwhile is as ever."""
    with Construction(Mine, RENAMED) as construction:
        elsewhere: list[Node] = []
        call_elsewhere(lambda: elsewhere.append(Mine()))
        assert [each.get_name() for each in elsewhere] == ["mine"]
        assert construction.node is None
        assert Mine().get_name() == "renamed"


def test_the_constructor_is_put_back_after_an_exception() -> None:
    """And the node that was made by then is known."""
    plain: Any = Node.__init__

    class Fails(Mine):
        def __init__(self) -> None:
            super().__init__()
            raise ValueError("half")

    construction = Construction(Fails, RENAMED)
    with pytest.raises(ValueError, match="half"), construction:
        Fails()
    assert construction.node is not None
    assert Node.__init__ is plain


def test_a_change_that_is_made_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a library, say, which the constructor imports; it may call what was there before."""
    monkeypatch.setattr(Node, "__init__", Node.__init__)  # puts it back at the end
    called: list[Node] = []

    def changed(node: Node, *args: Any, **kwargs: Any) -> None:
        called.append(node)
        before(node, *args, **kwargs)

    with Construction(Mine, RENAMED) as construction:
        before: Any = Node.__init__
        setattr(Node, "__init__", changed)
        assert Mine().get_name() == "renamed"
    with Construction(Derived, RENAMED) as unused:
        pass
    changed_still: Any = Node.__init__
    assert changed_still is changed
    assert Derived().get_name() == "mine"
    assert len(called) == 2
    assert (len(construction.made), unused.made) == (1, [])
