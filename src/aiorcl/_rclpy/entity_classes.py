# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The classes of what a node has, by what they do with handles of rclpy's."""

from __future__ import annotations

from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.client import Client
from rclpy.event_handler import EventHandler
from rclpy.guard_condition import GuardCondition
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

#: Their objects, and those of subclasses, have a handle.
WITH_HANDLES = (Timer, Subscription, Publisher, GuardCondition, Client, Service)

#: Waitables, which hold their handles in use themselves.
HOLD_HANDLES = (EventHandler, ActionClient, ActionServer)
