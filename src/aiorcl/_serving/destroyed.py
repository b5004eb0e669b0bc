# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a node or an entity of it was destroyed."""

from __future__ import annotations

from typing import Any

from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

from aiorcl._rclpy.entity_classes import HOLD_HANDLES, WITH_HANDLES


def is_destroyed(entity: Any) -> bool:
    """Tell whether a node or an entity was destroyed; of users' waitables nobody knows. Any thread.

    What a waitable of the user's calls its handle may be a file, which this would close.
    """
    try:
        if isinstance(entity, (Node, *WITH_HANDLES)):
            with entity.handle:
                return False
        if isinstance(entity, HOLD_HANDLES):
            with entity:
                return False
    except InvalidHandle:
        return True
    return False
