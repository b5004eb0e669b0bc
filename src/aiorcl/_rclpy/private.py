# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Each private attribute of rclpy's objects that we read, with the versions that have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rclpy.node import Node


def node_of(entity: Any) -> Node | None:
    """Return the node of an action client or server; of other entities None. Jazzy to Kilted."""
    return getattr(entity, "_node", None)
