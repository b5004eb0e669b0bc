# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Calls of rclpy that block a thread until something ends them; each made for a node.

from __future__ import annotations

from collections.abc import Callable

from rclpy.action.client import ActionClient
from rclpy.clock import Clock
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter_client import AsyncParameterClient
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci


def sleep_by_a_rate(node: Node) -> Callable[[], object]:
    """Its timer comes once in a while."""
    return node.create_rate(0.001).sleep


def wait_for_a_service(node: Node) -> Callable[[], object]:
    """Nobody offers it."""
    return node.create_client(Trigger, "nobody").wait_for_service


def wait_for_a_service_for_long(node: Node) -> Callable[[], object]:
    """The same, with a timeout."""
    client = node.create_client(Trigger, "nobody")
    return lambda: client.wait_for_service(3600.0)


def wait_for_an_action(node: Node) -> Callable[[], object]:
    """Nobody offers it."""
    return ActionClient(node, Fibonacci, "nobody").wait_for_server


def wait_for_parameters(node: Node) -> Callable[[], object]:
    """Of a node that does not exist."""
    return AsyncParameterClient(node, "nobody").wait_for_services


def call_a_service(node: Node) -> Callable[[], object]:
    """Nobody offers it."""
    client = node.create_client(Trigger, "nobody")
    return lambda: client.call(Trigger.Request())


def sleep_by_a_clock(node: Node) -> Callable[[], object]:
    """For an hour."""
    return lambda: Clock().sleep_for(Duration(seconds=3600.0), node.context)
