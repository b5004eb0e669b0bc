# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What entities gain: an event callback of the user's beside ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.client import Client
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from aiorcl._rclpy.attachments import attach
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.naming import described
from aiorcl._serving.registry import served, served_here
from aiorcl._tasks.task import is_coroutine_function


def _event_setter(method: str, event: str) -> Callable[[Any, Callable[[int], None] | None], None]:
    def set_callback(
        self: Any, callback: Callable[[int], None] | None, *, _method: str = method
    ) -> None:
        found = served_here(self) or served(self)
        if found is None:
            if callback is None:
                attach(self, "on_event", None)
                return
            why = "was destroyed" if is_destroyed(self) else "is of no node on an AsyncioExecutor"
            raise RuntimeError(f"Cannot set the on-{event} callback: {described(self)} {why}")
        if callback is not None:
            _check_function(callback, _method)
        setattr(found.core, "on_event", callback)
        attach(self, "on_event", callback)  # for who watches it next

    set_callback.__name__ = set_callback.__qualname__ = method
    set_callback.__doc__ = f"""Call ``callback`` with the number of new events at each {event}.

    None: no more. Called on the thread of the AsyncioExecutor that the entity's node is on, beside
    what the executor does with the event, before the entity's own callback. Set it on that thread.
    It stays with the entity when the node moves.

    :raises RuntimeError: if the node is on no AsyncioExecutor.
    """
    return set_callback


def _check_function(callback: object, method: str) -> None:
    call = getattr(callback, "__call__", None)  # noqa: B004  # of an object, not whether there is one
    is_async = any(map(is_coroutine_function, (callback, call)))
    if is_async or not callable(callback):
        raise TypeError(
            f"{method}() takes a function, to be called with the number of events, or None, "
            f"not {'the coroutine function ' if is_async else ''}{callback!r}"
        )


# Class, method, and what an event is called: served from our watch, because rcl has one slot for
# each.
_EVENT_SETTERS = (
    (Subscription, "set_on_new_message_callback", "new-message"),
    (Service, "set_on_new_request_callback", "new-request"),
    (Client, "set_on_new_response_callback", "new-response"),
    (Timer, "set_on_reset_callback", "reset"),
)


def apply() -> None:
    """Change the classes; once."""
    for cls, method, event in _EVENT_SETTERS:
        if not hasattr(cls, method):
            setattr(cls, method, _event_setter(method, event))
