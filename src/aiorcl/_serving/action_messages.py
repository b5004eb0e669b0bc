# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What action clients and servers send while an executor serves them: converted by our plans."""

from __future__ import annotations

import enum
import weakref
from collections.abc import Callable
from typing import Any

from aiorcl import _core
from aiorcl._rclpy.notes import add_note
from aiorcl._rclpy.private_actions import node_of_action, server_handle_of
from aiorcl._serving.naming import name_of
from aiorcl._serving.unsent import UnsentResponses, tells_node


class ActionSource(enum.IntEnum):
    """What rcl_action tells of by one event callback."""

    GOAL_RESPONSE = _core.ACTION_GOAL_RESPONSE
    CANCEL_RESPONSE = _core.ACTION_CANCEL_RESPONSE
    RESULT_RESPONSE = _core.ACTION_RESULT_RESPONSE
    FEEDBACK = _core.ACTION_FEEDBACK
    STATUS = _core.ACTION_STATUS
    GOAL_REQUEST = _core.ACTION_GOAL_REQUEST
    CANCEL_REQUEST = _core.ACTION_CANCEL_REQUEST
    RESULT_REQUEST = _core.ACTION_RESULT_REQUEST


REQUESTS = {
    "send_goal_request": ActionSource.GOAL_RESPONSE,
    "send_cancel_request": ActionSource.CANCEL_RESPONSE,
    "send_result_request": ActionSource.RESULT_RESPONSE,
}
RESPONSES = {
    "send_goal_response": ActionSource.GOAL_REQUEST,
    "send_cancel_response": ActionSource.CANCEL_REQUEST,
    "send_result_response": ActionSource.RESULT_REQUEST,
}


_SENT = {
    "send_goal_request": "a goal",
    "send_cancel_request": "a cancellation",
    "send_result_request": "a request for a result",
    "send_goal_response": "the answer to a goal",
    "send_cancel_response": "the answer to a cancellation",
    "send_result_response": "a result",
    "publish_feedback": "feedback",
}


class Sender:
    """The types of the messages that one action client or server sends, by rclpy's methods.

    :param label: what it is called: ``"action server '/action'"``.
    """

    def __init__(self, action: Any, handle: Any, action_type: Any, label: str) -> None:
        self.label = label
        self.action = weakref.ref(action)
        # Of a server.
        self.unsent = UnsentResponses(tells_node(action, node_of_action, label))
        impl = action_type.Impl
        self.active = True  # until the executor lets go of the action
        self.result = _core.MessageType(action_type.Result)
        self.types = {"publish_feedback": _core.MessageType(impl.FeedbackMessage)}
        for methods, side in ((REQUESTS, "Request"), (RESPONSES, "Response")):
            for method, service in zip(
                methods,
                (impl.SendGoalService, impl.CancelGoalService, impl.GetResultService),
                strict=True,
            ):
                self.types[method] = _core.MessageType(getattr(service, side))
        _senders[handle] = self

    def note(self, error: BaseException, method: str) -> None:
        """Note in an exception what could not be sent."""
        add_note(error, f"In {_SENT[method]} of {self.label}")


# By rclpy's handle of the client or server. Kept when the executor lets go of it: the ids of
# requests that were taken here are not those of rclpy.
_senders: weakref.WeakKeyDictionary[Any, Sender] = weakref.WeakKeyDictionary()


def sender_of(handle: Any) -> Sender | None:
    """Return what is known of the messages that a client or server sends, by rclpy's handle."""
    return _senders.get(handle)


def check_result(server: Any, callback: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return what does as an execute callback, and raises at a result that cannot be sent.

    So it ends as a callback that raises does. rclpy would find out when it sends the result, which
    is too late to tell whose it is, and the client would wait for ever. An exception has a note
    with the names of the action and its node: rclpy prints it, and does not say whose it is.

    :param name: what the server is called: ``"action server '/action'"``.
    """
    sender = _senders.get(server_handle_of(server))
    if sender is None:
        return callback

    async def result_of(goal: Any) -> Any:
        result = callback(goal)  # which is judged by what it returns
        if _core.is_coroutine(result):
            result = await result
        if not isinstance(result, server.action_type.Result):
            raise TypeError(
                f"The execute callback of {name} returned {result!r}, not a result: write "
                f"'return {server.action_type.__name__}.Result()' at its end"
            )
        sender.result.check(result)
        return result

    async def execute(goal: Any) -> Any:
        try:
            return await result_of(goal)
        except Exception as error:
            node = node_of_action(server)
            of_node = "" if node is None else f" of node '{name_of(node)}'"
            add_note(error, f"In the execute callback of {name}{of_node}")
            raise

    return execute


def check_result_message(server: Any, action_name: str, result: Any) -> None:
    """Raise TypeError or ValueError if ``result`` is no result that the server can send."""
    cls = server.action_type.Result
    if not isinstance(result, cls):
        raise TypeError(
            f"A result of action '{action_name}' is expected, of type {cls.__qualname__}, "
            f"not {result!r}"
        )
    sender = _senders.get(server_handle_of(server))
    if sender is not None:
        sender.result.check(result)
