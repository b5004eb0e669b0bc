# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What is ours on objects of rclpy, and has to live as long as they do."""

from __future__ import annotations

from typing import Any


def attach(entity: Any, name: str, value: object) -> None:
    """Put something of ours on an object of rclpy."""
    setattr(entity, f"_aiorcl_{name}", value)


def attached(entity: Any, name: str) -> Any:
    """Return what ``attach`` has put there, or None; whatever the class says of its attributes."""
    return vars(entity).get(f"_aiorcl_{name}")
