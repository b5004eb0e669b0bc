# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Entities that are destroyed are let go at once, also when no node was asked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rclpy.client import Client
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from aiorcl._serving.registry import served


def _destroy_and_let_go(destroy: Callable[[Any], None]) -> Callable[[Any], None]:
    """As the method of rclpy; then the executor lets go.

    ``with node.create_subscription(...):`` and ``subscription.destroy()`` tell nobody, and what is
    watched is in use, so the middleware's entity would live on.
    """

    @functools.wraps(destroy)
    def wrapper(self: Any) -> None:
        destroy(self)
        found = served(self)
        if found is not None:
            found.node.serving.entity_destroyed(self)

    return wrapper


def apply() -> None:
    """Change the classes; once."""
    for watchable in (Subscription, Publisher, Service, Client, Timer):
        setattr(watchable, "destroy", _destroy_and_let_go(watchable.destroy))
