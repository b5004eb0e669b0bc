# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Every change that aiorcl makes to classes of rclpy, each with its reason."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

import rclpy.task
from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.action.server import ActionServer
from rclpy.client import Client
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from aiorcl._serving import action_messages as _action_messages
from aiorcl._serving.executions import Execution
from aiorcl._serving.node import watched
from aiorcl._tasks.future import wait
from aiorcl._tasks.unawaited import note_cancellation
from aiorcl.executor import AsyncioExecutor

_rclpy_await = rclpy.task.Future.__await__
_rclpy_step = rclpy.task.Task.__call__.__code__
_SUSPENDABLE = (
    inspect.CO_COROUTINE
    | inspect.CO_GENERATOR
    | inspect.CO_ITERABLE_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)


def _stepped_by_rclpy() -> bool:
    """True if the coroutines on the stack above the caller are driven by a task of rclpy."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_flags & _SUSPENDABLE:
        frame = frame.f_back
    return frame is not None and frame.f_code is _rclpy_step


def _await(self: rclpy.task.Future[Any]) -> Generator[Any, Any, Any]:
    """Await in an asyncio task without polling; in a task of rclpy, as rclpy does.

    rclpy's own yields None until the future is done, which keeps an asyncio task busy, or yields
    itself, which asyncio refuses. A loop that runs is not enough to tell the two apart: another
    executor may be polled from inside it.
    """
    loop = asyncio._get_running_loop()
    if loop is None or asyncio.current_task(loop) is None or _stepped_by_rclpy():
        return _rclpy_await(self)
    return wait(self)


def _event_setter(method: str, event: str) -> Callable[[Any, Callable[[int], None] | None], None]:
    def set_callback(
        self: Any, callback: Callable[[int], None] | None, *, _method: str = method
    ) -> None:
        found = watched(self)
        if found is None:
            if callback is None:
                return
            raise RuntimeError(
                f"Cannot set the on-{event} callback of {self!r}: its node is on no AsyncioExecutor"
            )
        if callback is not None and not callable(callback):
            raise TypeError(f"Expected a callable or None, got {callback!r}")
        setattr(found[0], "on_event", callback)

    set_callback.__name__ = set_callback.__qualname__ = method
    set_callback.__doc__ = f"""Call ``callback`` with the number of new events at each {event}.

    None: no more. Called on the thread of the AsyncioExecutor that the entity's node is on, beside
    what the executor does with the event, before the entity's own callback. Set it on that thread.

    :raises RuntimeError: if the node is on no AsyncioExecutor.
    """
    return set_callback


def _logger(self: Any) -> Any:
    """The logger of the node that the entity belongs to."""
    return get_logger(self.logger_name)


def _timer_logger(self: Any) -> Any:
    """The logger of the node that created the timer."""
    name = getattr(self, "_aiorcl_logger_name", None)
    if name is None:
        raise RuntimeError("The timer was not created by a node, so it has no logger")
    return get_logger(name)


def _create_timer_with_logger(create_timer: Callable[..., Timer]) -> Callable[..., Timer]:
    @functools.wraps(create_timer)
    def wrapper(self: Node, *args: Any, **kwargs: Any) -> Timer:
        timer = create_timer(self, *args, **kwargs)
        setattr(timer, "_aiorcl_logger_name", self.get_logger().name)
        return timer

    return wrapper


def _destroy_and_let_go(destroy: Callable[[Any], None]) -> Callable[[Any], None]:
    """As the method of rclpy; then the executor lets go at once, also when no node was asked.

    ``with node.create_subscription(...):`` and ``subscription.destroy()`` tell nobody, and what is
    watched is in use, so the middleware's entity would live on.
    """

    @functools.wraps(destroy)
    def wrapper(self: Any) -> None:
        destroy(self)
        found = watched(self)
        if found is None:
            return
        entities = found[1]
        executor = entities.executor
        if executor._turns.is_here():
            executor._watched.entity_destroyed(entities, self)
        else:
            executor._work.post(lambda: executor._watched.entity_destroyed(entities, self))

    return wrapper


def _execute_to_the_end(notify_execute: Callable[..., None]) -> Callable[..., None]:
    """As the method; but with a task that ends the goal when it is cancelled.

    rclpy's lets CancelledError pass, and the client would wait for ever. Nor does any callback
    group see it: in a ThreadCallbackGroup the execute callback runs in a worker.
    """

    @functools.wraps(notify_execute)
    def wrapper(self: Any, goal_handle: Any, execute_callback: Any) -> None:
        executor = self._node.executor
        callback = execute_callback or self._execute_callback
        if not isinstance(executor, AsyncioExecutor) or callback is None:
            notify_execute(self, goal_handle, execute_callback)
            return
        callback = executor._workers.callable_in(self.callback_group, callback)
        callback = _action_messages.check_result(self, callback)
        executor._work.post_task(Execution(executor, self, callback, goal_handle))

    return wrapper


def _noted(cancel: Callable[..., Any]) -> Callable[..., Any]:
    """As the method; but a goal that the user cancels is not cancelled a second time.

    That is what happens to a goal whose result nobody awaits any more.
    """

    @functools.wraps(cancel)
    def wrapper(self: Any, goal_handle: Any) -> Any:
        if isinstance(goal_handle, ClientGoalHandle):
            note_cancellation(self, goal_handle.goal_id)
        return cancel(self, goal_handle)

    return wrapper


# Class, method, and what an event is called: served from our watch, because rcl has one slot for
# each.
_EVENT_SETTERS = (
    (Subscription, "set_on_new_message_callback", "new-message"),
    (Service, "set_on_new_request_callback", "new-request"),
    (Client, "set_on_new_response_callback", "new-response"),
    (Timer, "set_on_reset_callback", "reset"),
)


def apply() -> None:
    """Change the classes; once, when aiorcl is imported."""
    setattr(rclpy.task.Future, "__await__", _await)
    for cls, method, event in _EVENT_SETTERS:
        if not hasattr(cls, method):
            setattr(cls, method, _event_setter(method, event))
    for named in (Subscription, Publisher, Service, Client):
        if not hasattr(named, "logger"):
            setattr(named, "logger", property(_logger))
    if not hasattr(Timer, "logger"):
        setattr(Timer, "logger", property(_timer_logger))
        setattr(Node, "create_timer", _create_timer_with_logger(Node.create_timer))
    _action_messages.apply()
    setattr(ActionServer, "notify_execute", _execute_to_the_end(ActionServer.notify_execute))
    setattr(ActionClient, "_cancel_goal_async", _noted(ActionClient._cancel_goal_async))
    for watchable in (Subscription, Publisher, Service, Client, Timer):
        setattr(watchable, "destroy", _destroy_and_let_go(watchable.destroy))
