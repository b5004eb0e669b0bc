# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A callback that the user has replaced, or taken away, is kept by nobody.

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from tests.support.executors import breaks
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor


class Owner:
    """What an application is made of: callbacks of it hold it."""

    def __init__(self, called: list[str]) -> None:
        self.called = called

    def callback(self, _: object = None, response: object = None) -> object:
        """Note the call; of a service, with its response."""
        self.called.append("called")
        return response


def a_timer(node: Node, callback: Callable[..., Any]) -> Any:
    """Return a timer that is due."""
    return node.create_timer(0.0, callback)


def a_guard_condition(node: Node, callback: Callable[..., Any]) -> Any:
    """Return a guard condition that is triggered."""
    guard = node.create_guard_condition(callback)
    guard.trigger()
    return guard


def a_subscription(node: Node, callback: Callable[..., Any]) -> Any:
    """Return a subscription with a message."""
    subscription = node.create_subscription(Int64, "topic", callback, 10)
    node.create_publisher(Int64, "topic", 10).publish(Int64())
    return subscription


def a_service(node: Node, callback: Callable[..., Any]) -> Any:
    """Return a service with a request."""
    service = node.create_service(Trigger, "service", callback)
    node.create_client(Trigger, "service").call_async(Trigger.Request())
    return service


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(a_timer, id="timer"),
        pytest.param(a_guard_condition, id="guard", marks=breaks(events="has no guard conditions")),
        pytest.param(a_subscription, id="subscription"),
        pytest.param(a_service, id="service"),
    ],
)
def test_the_old_one_is_gone(
    executor: Executor, node: Node, spin: Spinner, make: Callable[[Node, Callable[..., Any]], Any]
) -> None:
    """At once, whether the entity is called again or not."""
    called: list[str] = []
    owner = Owner(called)
    gone = weakref.ref(owner)
    entity = make(node, owner.callback)
    spin.until(lambda: called)
    if make is a_timer:
        entity.cancel()
    entity.callback = None if make in (a_timer, a_guard_condition) else lambda *_: None
    del owner
    for _ in range(5):  # executors of rclpy keep what they have called until they wait again
        executor.spin_once(timeout_sec=0)
    gc.collect()
    assert gone() is None
