# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A coroutine that executes goals: however it ends, the client gets an answer."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic

from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import CallbackGroup
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from rclpy.qos import QoSProfile

from aiorcl._coroutines.arguments import (
    LONGEST_SEC,
    check,
    check_action_type,
    check_callable,
    check_coroutine_function,
    check_message,
    checked_seconds,
)
from aiorcl._rclpy.attachments import attach, attached
from aiorcl._rclpy.private_actions import logger_of_action, server_of
from aiorcl._rclpy.typed import ActionT_contra, ActionType, FeedbackT, GoalT, OfAction, ResultT
from aiorcl._serving.action_messages import check_result_message
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._tasks.coroutine_steps import cancel

if TYPE_CHECKING:
    from rclpy.action.server import ServerGoalHandle
    from unique_identifier_msgs.msg import UUID

    from aiorcl._rclpy.typed import ResultOf


# Which rclpy's servers take, beyond what a call of `serve_action` begins with.
_OPTIONS = {
    name
    for name, parameter in inspect.signature(ActionServer).parameters.items()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
}


class ServedGoal(Generic[ActionT_contra]):
    """A goal that a coroutine executes: the argument of the function given to `serve_action`.

    For type checkers it is one of an action, ``ServedGoal[Count]``, or of any. On the thread of the
    loop.

    :ivar handle: rclpy's handle of the goal.
    :ivar result: a result message that the coroutine may fill: what the client gets if it returns
        None, raises or is cancelled.
    """

    _action: ActionT_contra  # known to type checkers only
    result: ResultOf[ActionT_contra]

    def __init__(
        self, action_name: str, handle: ServerGoalHandle[Any, Any, Any], result: Any
    ) -> None:
        self.handle = handle
        self.result = result  # type: ignore[misc]  # of which action is not known here
        self._action_name = action_name

    @property
    def request(self: OfAction[ActionType[GoalT, Any, Any]]) -> GoalT:
        """What the client wants: the goal message."""
        request: GoalT = self.handle.request
        return request

    @property
    def goal_id(self) -> UUID:
        """The id of the goal."""
        return self.handle.goal_id

    @property
    def is_cancel_requested(self) -> bool:
        """True when a client has asked to cancel: ``CancelledError`` comes, or has come."""
        return self.handle.is_cancel_requested

    def publish_feedback(
        self: OfAction[ActionType[Any, Any, FeedbackT]], feedback: FeedbackT
    ) -> None:
        """Send feedback to the client; while the goal is cancelled as `serve_action` says.

        :raises TypeError: if it is of another type, or a field of it.
        """
        cls = server_of(self.handle).action_type.Feedback
        check_message(feedback, cls, f"Feedback of action '{self._action_name}'")
        if attached(self.handle, "coroutine").is_to_hear:
            return  # newer rclpy warns of it, but nobody knows yet that the goal is cancelled
        self.handle.publish_feedback(feedback)  # type: ignore[arg-type]  # rclpy's types err


class _GoalCoroutine:
    """The coroutine that executes one goal, and who has cancelled it."""

    def __init__(self, goal: ServedGoal[Any]) -> None:
        self.goal = goal
        #: From an accepted cancellation until the coroutine hears of it.
        self.is_to_hear = False
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False

    def begin(self, action_name: str) -> None:
        """It is part of the task that runs."""
        try:
            self._task = asyncio.current_task()
        except RuntimeError:
            raise RuntimeError(
                f"Goals of action '{action_name}' are executed by a coroutine of asyncio: "
                "its node must be on an AsyncioExecutor"
            ) from None

    def cancel_soon(self) -> None:
        """A client cancels: the coroutine hears of it where it waits, once.

        In the next turn of the loop, after rclpy has noted in the goal that it is asked to. Several
        requests may be accepted where callbacks of the server run side by side.
        """
        if not self._cancelled and not self.is_to_hear:
            self.is_to_hear = True
            asyncio.get_running_loop().call_soon(self._cancel)

    def _cancel(self) -> None:
        self.is_to_hear = False
        self._cancelled = True
        if self._task is not None:
            cancel(self._task)

    def end(self) -> bool:
        """The coroutine has ended; return True if a client, and nobody else, cancelled it."""
        task, self._task = self._task, None
        return self._cancelled and task is not None and task.uncancel() == 0


class _Callbacks:
    """The callbacks of a server whose goals are executed by a coroutine function."""

    def __init__(
        self,
        action_name: str,
        execute: Callable[[ServedGoal[Any]], Coroutine[Any, Any, Any]],
        cancel_callback: Callable[[ServedGoal[Any]], Any] | None,
    ) -> None:
        self.server: Any = None  # until it is made
        self._action_name = action_name
        self._execute = execute
        self._cancel_callback = cancel_callback

    def _coroutine_of(self, handle: Any) -> _GoalCoroutine:
        """Return what executes the goal of a handle, which keeps it."""
        found: _GoalCoroutine | None = attached(handle, "coroutine")
        if found is None:
            result = self.server.action_type.Result()
            found = _GoalCoroutine(ServedGoal(self._action_name, handle, result))
            attach(handle, "coroutine", found)
        return found

    async def cancel(self, handle: Any) -> CancelResponse:
        """Answer a client that wants to cancel a goal."""
        coroutine = self._coroutine_of(handle)
        answer = CancelResponse.ACCEPT
        if self._cancel_callback is not None:
            answer = self._cancel_callback(coroutine.goal)
            if inspect.isawaitable(answer):
                answer = await answer
        if answer == CancelResponse.ACCEPT:
            coroutine.cancel_soon()
        return answer

    async def run(self, handle: Any) -> Any:
        """Execute a goal to its end."""
        coroutine = self._coroutine_of(handle)
        goal = coroutine.goal
        if goal.is_cancel_requested:  # before it began
            handle.canceled()
            return goal.result
        coroutine.begin(self._action_name)
        try:
            result = await self._result_of(goal)
        except asyncio.CancelledError:
            if not coroutine.end():
                raise
            if handle.is_active:
                handle.canceled()
            return goal.result
        except Exception as error:
            coroutine.end()
            self._log(goal, error)
            if handle.is_active:
                handle.abort()
            return goal.result
        coroutine.end()
        if handle.is_active:  # the server may have been destroyed
            handle.succeed()
        return result

    async def _result_of(self, goal: ServedGoal[Any]) -> Any:
        coroutine = self._execute(goal)
        if not inspect.isawaitable(coroutine):
            raise TypeError(
                f"{self._execute!r} is no coroutine function: it returned {coroutine!r}"
            )
        returned = await coroutine
        result = goal.result if returned is None else returned
        check_result_message(self.server, self._action_name, result)
        return result

    def _log(self, goal: ServedGoal[Any], error: Exception) -> None:
        logger_of_action(self.server).error(
            f"Goal {bytes(goal.goal_id.uuid).hex()} of action '{self._action_name}' is "
            f"aborted: {''.join(traceback.format_exception(error))}"
        )


def _check_options(options: dict[str, Any], function: str) -> None:
    """Raise an error for what rclpy refuses in words of its own, or not before it is used.

    :raises TypeError: if there is no such option, or it is of the wrong kind.
    :raises ValueError: if it is a time that rcl does not take.
    """
    for name, value in options.items():
        if name not in _OPTIONS:
            raise TypeError(f"{function} got an unexpected keyword argument '{name}'")
        if name.endswith("_qos_profile"):
            check(value, QoSProfile, function, f"a QoSProfile as {name}")
        elif name.endswith("_callback"):
            check_callable(value, function, name)
        elif name == "result_timeout":
            takes = f"{function} takes seconds as {name}, 0 or more"
            checked_seconds(value, takes, below=LONGEST_SEC)


def serve_action(
    node: Node,
    action_type: ActionType[GoalT, ResultT, FeedbackT],
    action_name: str,
    execute: Callable[
        [ServedGoal[ActionType[GoalT, ResultT, FeedbackT]]], Coroutine[Any, Any, ResultT | None]
    ],
    *,
    goal_callback: Callable[[GoalT], GoalResponse | Coroutine[Any, Any, GoalResponse]]
    | None = None,
    cancel_callback: Callable[
        [ServedGoal[ActionType[GoalT, ResultT, FeedbackT]]],
        CancelResponse | Coroutine[Any, Any, CancelResponse],
    ]
    | None = None,
    callback_group: CallbackGroup | None = None,
    **options: Any,
) -> ActionServer[GoalT, ResultT, FeedbackT]:
    """Offer an action whose goals are executed by a coroutine function: one coroutine for each.

    How the coroutine ends is how the goal ends, and the client always gets an answer:

    - it returns a result message, or None for ``goal.result``: succeeded;
    - it raises: aborted, with ``goal.result``; the log of the node has the traceback;
    - it lets the ``CancelledError`` pass that a client's cancellation raises where it waits:
      canceled, with ``goal.result``. One that catches it and returns has succeeded all the same,
      and one that then raises something else has aborted;
    - it is cancelled otherwise, as with the end of the executor: aborted, with an empty result.

    Feedback of a goal that a client cancels: what the coroutine publishes before the
    ``CancelledError`` comes, when the cancellation is accepted already, is dropped. What it
    publishes after that, in a ``finally`` say, the client gets up to rclpy 10.0.7; from 10.0.8 on
    rclpy drops it, and its log warns: "publish_feedback() called on a goal handle not in executing
    state, ignoring".

    Goals run side by side; ``goal_callback`` may reject those that come too many. The coroutine is
    a task of the executor, on the thread of its loop.

    :param execute: a coroutine function, called with a `ServedGoal` of the action.
    :param goal_callback: called with each goal message, plain or coroutine function; returns a
        ``rclpy.action.GoalResponse``. Every goal is accepted if None.
    :param cancel_callback: called with the `ServedGoal` when a client wants to cancel it, plain or
        coroutine function; returns a ``rclpy.action.CancelResponse``. Every cancellation is
        accepted if None.
    :param callback_group: of the requests of clients, not of the coroutines.
    :param options: others of ``rclpy.action.ActionServer``: ``result_timeout``, profiles of QoS.
        A service of the action keeps 10 requests, of all clients together. Where more clients may
        ask at the same instant: ``goal_service_qos_profile=QoSProfile(depth=100)``, and the same of
        ``result_service_qos_profile`` and ``cancel_service_qos_profile``.
    :return: rclpy's server; destroy it by ``server.destroy()``. Clients of goals that are executed
        then hear no more of them, so let them end first.
    :raises TypeError: if an argument is of the wrong kind: ``execute`` a plain function, say.
    :raises ValueError: if ``result_timeout`` is negative or infinite.
    """
    function = "aiorcl.serve_action()"
    check(node, Node, function, "a node")
    if is_destroyed(node):
        raise InvalidHandle(f"{function}: the node was destroyed")
    check_action_type(action_type, function)
    check(action_name, str, function, "the name of an action as a string")
    check_coroutine_function(execute, function, "async def execute(goal)")
    check_callable(goal_callback, function, "goal_callback")
    check_callable(cancel_callback, function, "cancel_callback")
    if callback_group is not None:
        check(callback_group, CallbackGroup, function, "a callback group")
    _check_options(options, function)
    if goal_callback is not None:
        options["goal_callback"] = goal_callback
    callbacks = _Callbacks(action_name, execute, cancel_callback)
    server: ActionServer[GoalT, ResultT, FeedbackT] = ActionServer(
        *(node, action_type, action_name, callbacks.run),  # type: ignore[arg-type]
        cancel_callback=callbacks.cancel,  # type: ignore[arg-type]
        callback_group=callback_group,
        **options,
    )
    callbacks.server = server
    return server
