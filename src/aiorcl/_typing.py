# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The type variables of messages, services and actions: rclpy's where a type checker looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rclpy.type_support import FeedbackT, GoalT, MsgT, ResultT, SrvRequestT, SrvResponseT
else:  # rclpy has none on Jazzy
    FeedbackT = TypeVar("FeedbackT")
    GoalT = TypeVar("GoalT")
    MsgT = TypeVar("MsgT")
    ResultT = TypeVar("ResultT")
    SrvRequestT = TypeVar("SrvRequestT")
    SrvResponseT = TypeVar("SrvResponseT")

__all__ = ["FeedbackT", "GoalT", "MsgT", "ResultT", "SrvRequestT", "SrvResponseT"]
