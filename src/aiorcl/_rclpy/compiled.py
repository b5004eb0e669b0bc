# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What rclpy has only in its extension: errors, and classes of handles."""

from __future__ import annotations

from rclpy.impl.implementation_singleton import rclpy_implementation

RCLError = rclpy_implementation.RCLError
RCLInvalidROSArgsError = rclpy_implementation.RCLInvalidROSArgsError
UnknownROSArgsError = rclpy_implementation.UnknownROSArgsError

ActionClientHandle = rclpy_implementation.ActionClient
ActionServerHandle = rclpy_implementation.ActionServer
WaitSet = rclpy_implementation.WaitSet
