# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How nodes and entities are named in messages: also those that were destroyed. Any thread.

Never raises, whatever classes of the user's do: who names something reports an error.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy.private_actions import action_name_of
from aiorcl._tasks.task import name_of_function

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl import _core


# Of the nodes that are served, or were.
_names: ByIdentity[Node, str] = ByIdentity()


def keep_name(node: Node) -> None:
    """Let ``name_of`` know the name of a node when it is destroyed."""
    _names[node] = name_of(node)


def name_of(node: Node) -> str:
    """Return the full name of a node."""
    try:
        return node.get_fully_qualified_name()
    except InvalidHandle:
        return _names.get(node) or "(destroyed)"
    except Exception:  # of a method of the user's
        return "(unnamed)"


def described(entity: Any) -> str:
    """Name an entity of rclpy that nothing watches, by its class."""
    with contextlib.suppress(Exception):
        name = getattr(entity, "srv_name", None) or action_name_of(entity) or entity.topic_name
        return f"{type(entity).__name__} '{name}'"
    return f"the {type(entity).__name__}"


def label_of(core: _core.Entity) -> str:
    """Name a watched entity for the user; one that has no name, as a timer, by its callback."""
    return joined(*kind_and_name(core))


def joined(kind: str, name: str) -> str:
    """Put what ``kind_and_name`` returns into one phrase."""
    return f"{kind} '{name}'" if name else kind


def kind_and_name(core: _core.Entity) -> tuple[str, str]:
    """Return the kind of a watched entity, and its name, empty if it has none."""
    kind, found, rest = core.label.partition(" '")
    if found:
        return kind, rest.removesuffix("'")
    callback = None
    with contextlib.suppress(Exception):  # of a property of the user's
        callback = getattr(core.rclpy_entity, "callback", None)
    called = "" if callback is None else name_of_function(callback)
    kind, _, name = core.label.partition(" ")
    if kind == "waitable":  # there are many of one class: handlers of QoS events
        return kind, f"{name} {called}".rstrip()
    return core.label, called
