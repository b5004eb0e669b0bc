# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Actions on an executor: messages by our plans, executions that end however they are cancelled."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import rclpy.action.server
from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.action.server import ActionServer
from rclpy.executors import await_or_execute
from unique_identifier_msgs.msg import UUID

from aiorcl import _core
from aiorcl._loop.aside import aside
from aiorcl._loop.shutdown_state import shutdown_state_of
from aiorcl._rclpy import private_actions
from aiorcl._rclpy.compiled import ActionClientHandle, ActionServerHandle
from aiorcl._serving.action_messages import (
    REQUESTS,
    RESPONSES,
    ActionSource,
    check_result,
    sender_of,
)
from aiorcl._serving.actions import Action
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.executions import ExecuteCallback, Execution
from aiorcl._serving.judging import gated, judged
from aiorcl._serving.registry import served
from aiorcl._tasks.goal_states import has_ended
from aiorcl._tasks.sending import sending_of
from aiorcl._tasks.task import is_coroutine_function
from aiorcl._tasks.unwanted_requests import note_cancellation

if TYPE_CHECKING:
    from rclpy.node import Node


def _execute_to_the_end(notify_execute: Callable[..., None]) -> Callable[..., None]:
    """As the method; but with a task that ends the goal when it is cancelled.

    rclpy's lets CancelledError pass, and the client would wait for ever. Nor does any callback
    group see it: in a ThreadCallbackGroup the execute callback runs in a worker.
    """

    @functools.wraps(notify_execute)
    def wrapper(self: Any, goal_handle: Any, execute_callback: Any = None) -> None:
        found, node = served(self), private_actions.node_of_action(self)
        executor = None if node is None else node.executor
        callback = execute_callback or private_actions.execute_callback_of(self)
        if callback is None:
            return  # newer servers need none: who accepts a goal may see to it
        if found is None or executor is None:
            if not _is_gone(self, node):
                notify_execute(self, goal_handle, execute_callback)
            return
        serving = found.served_node.serving
        goals = found.core.others[0] if isinstance(found.core, Action) else None
        label = found.core.label
        called = ExecuteCallback(self, label)
        callback = serving.workers.callable_in(self.callback_group, callback, goals, called)
        if serving.run.hides_loop:
            callback = _without_loop(callback)
        if goals is not None:
            callback = gated(callback, goals)
        callback = check_result(self, callback, label)
        serving.post_task(
            lambda owned, unfetched: Execution(
                *(owned, unfetched, executor), self, callback, goal_handle, called
            )
        )

    return wrapper


def _is_gone(server: Any, node: Node | None) -> bool:
    """Tell whether a server of an executor of ours, or its node, was destroyed."""
    if node is None or node.executor is None or shutdown_state_of(node.executor) is None:
        return False
    return is_destroyed(server) or is_destroyed(node)


def _without_loop(callback: Callable[..., Any]) -> Callable[..., Any]:
    """As an execute callback; but a plain one knows of no loop and no task, those that call it."""
    if is_coroutine_function(callback):
        return callback

    def execute(goal_handle: Any) -> Any:
        with aside(hides=True):
            return callback(goal_handle)

    return execute


def _noted_before_its_answer(send: Callable[..., Any]) -> Callable[..., Any]:
    """As the method; but no executor of ours handles the answer before it has returned."""

    @functools.wraps(send)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return sending_of(self).send(send, self, *args, **kwargs)

    return wrapper


def _heard_from_the_start(send: Callable[..., Any]) -> Callable[..., Any]:
    """As the method; but the callback for feedback is noted before the goal is sent.

    Another thread may take feedback before the method goes on, and drops that of unknown goals.
    """

    @functools.wraps(send)
    def wrapper(self: Any, goal: Any, feedback_callback: Any = None, goal_uuid: Any = None) -> Any:
        if feedback_callback is None:
            return send(self, goal, None, goal_uuid)
        if goal_uuid is None:
            goal_uuid = UUID(uuid=list(uuid4().bytes))
        callbacks, key = private_actions.feedback_callbacks_of(self), bytes(goal_uuid.uuid)
        before = callbacks.get(key)
        callbacks[key] = feedback_callback
        try:
            return send(self, goal, feedback_callback, goal_uuid)
        except BaseException:
            if before is None:
                callbacks.pop(key, None)
            else:
                callbacks[key] = before
            raise

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


def _expected(get_result: Callable[..., Any]) -> Callable[..., Any]:
    """As the method; but the result is asked for again if it is overdue.

    Of a goal that ends later the status tells.
    """

    @functools.wraps(get_result)
    def wrapper(self: Any, goal_handle: Any) -> Any:
        future = get_result(self, goal_handle)
        if has_ended(self, goal_handle.goal_id):
            found = served(self)
            if found is not None and isinstance(found.core, Action) and found.core.results:
                found.served_node.serving.post_job(found.core.results.expect)
        return future

    return wrapper


def _send_request(method: str) -> Callable[[Any, Any], int]:
    of_rclpy, source = getattr(ActionClientHandle, method), REQUESTS[method]

    @functools.wraps(of_rclpy)
    def send(self: Any, request: Any) -> int:
        sender = sender_of(self)
        if sender is None or not sender.active:
            return of_rclpy(self, request)  # type: ignore[no-any-return]
        try:
            return _core.send_action_request(source, self, sender.types[method], request)
        except Exception as error:
            sender.note(error, method)
            raise

    return send


def _sends_again(
    source: ActionSource, handle: weakref.ref[Any], type_: _core.MessageType, request_id: bytes
) -> Callable[[Any], bool | None]:
    """Return what sends a response of an action server as long as somebody has its handle."""

    def send(response: Any) -> bool | None:
        server = handle()
        if server is None:
            return None
        return _core.send_action_response(source, server, type_, request_id, response)

    return send


def _send_response(method: str) -> Callable[[Any, Any, Any], None]:
    of_rclpy, source = getattr(ActionServerHandle, method), RESPONSES[method]

    @functools.wraps(of_rclpy)
    def send(self: Any, request_id: Any, response: Any) -> None:
        if type(request_id) is bytes:  # taken by an ActionPart
            sender = sender_of(self)
            assert sender is not None  # which has noted what the part takes
            try:
                sent = _core.send_action_response(
                    source, self, sender.types[method], request_id, response
                )
            except Exception as error:
                sender.note(error, method)
                raise
            if not sent:
                again = _sends_again(source, weakref.ref(self), sender.types[method], request_id)
                sender.unsent.add(request_id, response, again)
        else:
            of_rclpy(self, request_id, response)

    return send


def _publish_feedback() -> Callable[[Any, Any], None]:
    of_rclpy = ActionServerHandle.publish_feedback

    @functools.wraps(of_rclpy)
    def publish(self: Any, message: Any) -> None:
        sender = sender_of(self)
        if sender is None or not sender.active:
            of_rclpy(self, message)
            return
        try:
            _core.publish_action_feedback(self, sender.types["publish_feedback"], message)
        except Exception as error:
            sender.note(error, "publish_feedback")
            raise

    return publish


def apply() -> None:
    """Change the classes; once.

    Those of handles too, and not on the instances, as for publishers: handles take no attributes.
    """
    for method in REQUESTS:
        setattr(ActionClientHandle, method, _send_request(method))
    for method in RESPONSES:
        setattr(ActionServerHandle, method, _send_response(method))
    setattr(ActionServerHandle, "publish_feedback", _publish_feedback())
    # What decides on goals may return a coroutine, whatever it is.
    setattr(rclpy.action.server, "await_or_execute", judged(await_or_execute))
    setattr(ActionServer, "notify_execute", _execute_to_the_end(ActionServer.notify_execute))
    cancel, get_result = private_actions.CANCEL_GOAL_ASYNC, private_actions.GET_RESULT_ASYNC
    for method in ("send_goal_async", cancel, get_result):
        setattr(ActionClient, method, _noted_before_its_answer(getattr(ActionClient, method)))
    setattr(ActionClient, "send_goal_async", _heard_from_the_start(ActionClient.send_goal_async))
    setattr(ActionClient, cancel, _noted(getattr(ActionClient, cancel)))
    setattr(ActionClient, get_result, _expected(getattr(ActionClient, get_result)))
