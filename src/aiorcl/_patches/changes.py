# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A node whose entities have changed names itself to its executor, and a waitable that goes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from aiorcl._rclpy import private
from aiorcl._serving.registry import name_leaving, served_node_named_by


def _name_node(wake_executor: Callable[[Node], None]) -> Callable[[Node], None]:
    """As the method, which has the executor look at all that its nodes have; but at one node."""

    @functools.wraps(wake_executor)
    def wrapper(self: Node) -> None:
        found = served_node_named_by(self)
        if found is None:
            wake_executor(self)
        else:
            found.serving.node_changed(self)

    return wrapper


def _name_waitable(remove_waitable: Callable[[Node, Any], None]) -> Callable[[Node, Any], None]:
    """As the method; before, the waitable is named to its executor, as others are by destroy()."""

    @functools.wraps(remove_waitable)
    def wrapper(self: Node, waitable: Any) -> None:
        name_leaving(waitable)
        remove_waitable(self, waitable)

    return wrapper


def apply() -> None:
    """Change the class; once."""
    wake = private.WAKE_EXECUTOR
    setattr(Node, wake, _name_node(getattr(Node, wake)))
    setattr(Node, "remove_waitable", _name_waitable(Node.remove_waitable))
