# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Subscriptions that get a content filter, or lose it, are heard as before.

rmw_fastrtps makes the reader anew then, under whoever takes from the old one; and the new one calls
nobody: event callbacks are set on the reader, not on what stays.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from rclpy.subscription import Subscription

from aiorcl import _core
from aiorcl._rclpy.compiled import ActionClientHandle
from aiorcl._serving.action_messages import sender_of
from aiorcl._serving.actions import action_of
from aiorcl._serving.registry import served, watched_now

# Of action clients that take no feedback but that of their goals, from rclpy 10.0.8 on.
_FEEDBACK_FILTERS = (
    "configure_feedback_subscription_filter_add_goal_id",
    "configure_feedback_subscription_filter_remove_goal_id",
)


@contextlib.contextmanager
def _nothing_taken_of(subscription: Any) -> Iterator[None]:
    """Let no thread take a message of a subscription while another one is in the middleware."""
    found = served(subscription)
    core = None if found is None else found.core
    if not isinstance(core, _core.Subscription):
        yield
        return
    core.begin_change()
    try:
        yield
    finally:
        core.end_change()


def heard_again(set_filter: Callable[..., None]) -> Callable[..., None]:
    """As the method; then an executor of ours hears of messages, and of QoS events.

    Also for the waitables of users that have the subscription. Not if it fails: then there may be
    no reader.
    """

    @functools.wraps(set_filter)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        with _nothing_taken_of(self):
            set_filter(self, *args, **kwargs)
        for entity in (self, *self.event_handlers):
            found = served(entity)
            if found is not None and isinstance(found.core, _core.Entity):
                found.core.renew()
        for core in watched_now():
            if isinstance(core, _core.Waitable):
                core.renew_if_on(self.handle.pointer)

    return wrapper


def feedback_heard_again(configure: Callable[..., Any]) -> Callable[..., Any]:
    """As the method of an action client's handle; then an executor of ours hears of feedback.

    Also if it fails, as for more goals than a filter has room for: rcl has taken the filter away.
    """

    @functools.wraps(configure)
    def wrapper(self: Any, goal_id: bytes) -> Any:
        try:
            return configure(self, goal_id)
        finally:
            sender = sender_of(self)
            action = None if sender is None else action_of(sender.action())
            if action is not None and action.feedback is not None:
                action.feedback.renew()

    return wrapper


def apply() -> None:
    """Change the classes, where they have filters; once."""
    if hasattr(Subscription, "set_content_filter"):
        setattr(Subscription, "set_content_filter", heard_again(Subscription.set_content_filter))
    for method in _FEEDBACK_FILTERS:
        if hasattr(ActionClientHandle, method):
            configure = getattr(ActionClientHandle, method)
            setattr(ActionClientHandle, method, feedback_heard_again(configure))
