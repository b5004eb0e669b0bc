# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What is destroyed is let go at once, also when no node was asked; its clock ends with a node."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from aiorcl._loop.clock import end_clock
from aiorcl._rclpy.entity_classes import HOLD_HANDLES, WITH_HANDLES
from aiorcl._rclpy.private import clock_of
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.naming import name_of
from aiorcl._serving.registry import mute_left, mute_node, name_leaving, served


def _destroy_and_let_go(destroy: Callable[[Any], None]) -> Callable[[Any], None]:
    """As the method of rclpy; then the executor lets go.

    Its callbacks do not begin any more when this returns, whichever thread calls it. And
    ``with node.create_subscription(...):`` and ``subscription.destroy()`` tell nobody, and what is
    watched is in use, so the middleware's entity would live on.
    """
    is_finalizing = sys.is_finalizing  # when it is, modules have lost their globals

    @functools.wraps(destroy)
    def wrapper(self: Any) -> None:
        if not is_finalizing():
            # Before: from rclpy 10.0.9 on the method takes them from the node and wakes it.
            for leaving in (self, *getattr(self, "event_handlers", ())):
                name_leaving(leaving)
        destroy(self)
        if is_finalizing():
            return
        found = served(self)
        if found is not None:
            found.served_node.serving.entity_destroyed(self)
        mute_left(self)

    return wrapper


def _destroy_with_clock(destroy_node: Callable[[Node], None]) -> Callable[[Node], None]:
    """As the method of rclpy; then whoever sleeps on the clock of the node hears of it.

    The clock lives on, but /clock sets it no more.
    """

    @functools.wraps(destroy_node)
    def wrapper(self: Node) -> None:
        name = name_of(self)
        destroy_node(self)
        mute_node(self)
        clock = clock_of(self)
        if clock is not None:
            end_clock(
                clock,
                lambda: EntityGoneError(f"The node '{name}', whose clock this is, was destroyed"),
            )

    return wrapper


def change_destroy_of(watchable: Any) -> None:
    """Let executors hear of it when an entity of this class is destroyed."""
    watchable.destroy = _destroy_and_let_go(watchable.destroy)


def apply() -> None:
    """Change the classes; once."""
    setattr(Node, "destroy_node", _destroy_with_clock(Node.destroy_node))
    for watchable in (*WITH_HANDLES, *HOLD_HANDLES):
        change_destroy_of(watchable)
