# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The type variables of messages and services: rclpy's where a type checker looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rclpy.type_support import MsgT, SrvRequestT, SrvResponseT
else:  # rclpy has none on Jazzy
    MsgT = TypeVar("MsgT")
    SrvRequestT = TypeVar("SrvRequestT")
    SrvResponseT = TypeVar("SrvResponseT")

__all__ = ["MsgT", "SrvRequestT", "SrvResponseT"]
