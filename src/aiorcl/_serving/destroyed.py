# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a node or an entity of it was destroyed."""

from __future__ import annotations

from typing import Any

from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.client import Client
from rclpy.event_handler import EventHandler
from rclpy.exceptions import InvalidHandle
from rclpy.guard_condition import GuardCondition
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

# The classes of rclpy whose objects, and those of subclasses, have a handle of rclpy's, or hold it
# in use themselves.
_WITH_HANDLES = (Node, Timer, Subscription, Publisher, GuardCondition, Client, Service)
_HOLD_HANDLES = (EventHandler, ActionClient, ActionServer)


def is_destroyed(entity: Any) -> bool:
    """Tell whether a node or an entity was destroyed; of users' waitables nobody knows. Any thread.

    What a waitable of the user's calls its handle may be a file, which this would close.
    """
    try:
        if isinstance(entity, _WITH_HANDLES):
            with entity.handle:
                return False
        if isinstance(entity, _HOLD_HANDLES):
            with entity:
                return False
    except InvalidHandle:
        return True
    return False
