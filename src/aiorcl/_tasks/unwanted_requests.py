# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of a request when nobody awaits its answer any more."""

from __future__ import annotations

import weakref
from functools import partial
from operator import attrgetter
from types import MethodType
from typing import TYPE_CHECKING, Any

import rclpy.task
from rclpy.action.client import ActionClient
from rclpy.client import Client
from rclpy.exceptions import InvalidHandle

from aiorcl._loop.aside import loop_here
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy import private, private_actions
from aiorcl._rclpy.compiled import RCLError
from aiorcl._tasks.action_requests.cancel_requests import cancel_goal
from aiorcl._tasks.goal_states import has_ended, is_canceling, is_refusal
from aiorcl._tasks.inline import InlineCallback

if TYPE_CHECKING:
    from collections.abc import Callable

    AnyFuture = rclpy.task.Future[Any]
    AnyActionClient = ActionClient[Any, Any, Any]

# By client the ids of goals that are cancelled in the next turn of the loop unless the user does it
# first, who would be told that there is nothing to cancel. A loop may end before that turn.
_unwanted: ByIdentity[AnyActionClient, set[bytes]] = ByIdentity()

# Answers to goals that are handed to one task.
_heard_by_one: weakref.WeakSet[AnyFuture] = weakref.WeakSet()


def drop_unwanted(future: AnyFuture) -> None:
    """Cancel what a future stands for, after a task that awaited it alone was cancelled.

    The request of a service is forgotten. A goal is cancelled, whether the task awaited its
    acceptance or its result. Nothing happens to other futures, or if somebody else waits.
    """
    if not private.is_pending(future):
        if future in _heard_by_one:
            _cancel_accepted(future)
        return
    # The client's own callback is the only one left when nobody else waits for the answer.
    match private.callbacks_of(future):
        case [MethodType(__self__=client) as callback]:
            for cls, forgets, drop in _DROPS:
                # As a subclass has it, or whoever has put another one there.
                if isinstance(client, cls) and forgets(client) == callback:
                    drop(client, future)
                    return


def note_listeners(future: AnyFuture) -> None:
    """Remember, before the answer to a goal is handed on, whether one task alone gets it.

    That task may be cancelled before it wakes up: then nobody has the handle to cancel the goal.
    """
    match private.callbacks_of(future):
        case [MethodType(), InlineCallback()]:
            _heard_by_one.add(future)


def _drop_call(client: Client[Any, Any], future: AnyFuture) -> None:
    future.cancel()


def _drop_goal(client: AnyActionClient, future: AnyFuture) -> None:
    """Cancel a goal that the server may have accepted, or may yet accept."""
    sequence, answer = _take_over(client, future, "goal")
    if answer is None:
        return
    goal_id = private_actions.goal_ids_of(client)["goal"][sequence]
    private_actions.feedback_callbacks_of(client).pop(bytes(goal_id.uuid), None)
    answer.add_done_callback(private_actions.forgetter_of(client, "goal"))
    answer.add_done_callback(_CancelIfAccepted())
    # At once too: the executor may end before the answer comes.
    _cancel(client, goal_id, warn=False)


def _drop_result(client: AnyActionClient, future: AnyFuture) -> None:
    """Cancel the goal whose result nobody awaits any more."""
    sequence, answer = _take_over(client, future, "result")
    if answer is None:
        return
    goal_id = private_actions.goal_ids_of(client)["result"][sequence]
    private_actions.feedback_callbacks_of(client).pop(bytes(goal_id.uuid), None)
    answer.add_done_callback(private_actions.forgetter_of(client, "result"))
    if has_ended(client, goal_id) or is_canceling(client, goal_id):
        return
    loop = loop_here()
    if loop is None:  # the coroutine is thrown away
        _cancel(client, goal_id)
    else:
        _unwanted.setdefault(client, set()).add(bytes(goal_id.uuid))
        loop.call_soon(_cancel_if_unwanted, client, goal_id)


def _cancel_if_unwanted(client: AnyActionClient, goal_id: Any) -> None:
    if bytes(goal_id.uuid) in (_unwanted.get(client) or ()):
        _cancel(client, goal_id)


def note_cancellation(client: AnyActionClient, goal_id: Any) -> None:
    """Leave a goal to the user, who cancels it: in ``except CancelledError``, perhaps."""
    if client in _unwanted:
        _unwanted[client].discard(bytes(goal_id.uuid))


def _drop_cancellation(client: AnyActionClient, future: AnyFuture) -> None:
    """Let the server cancel the goal nevertheless."""
    _, answer = _take_over(client, future, "cancel")
    if answer is not None:
        answer.add_done_callback(private_actions.forgetter_of(client, "cancel"))


# By kind of client: the method by which it forgets a request, and what is done in that place.
_DROPS: tuple[tuple[Any, Callable[[Any], object], Callable[[Any, AnyFuture], None]], ...] = (
    (Client, attrgetter("remove_pending_request"), _drop_call),
    (ActionClient, partial(private_actions.forgetter_of, request="goal"), _drop_goal),
    (ActionClient, partial(private_actions.forgetter_of, request="result"), _drop_result),
    (ActionClient, partial(private_actions.forgetter_of, request="cancel"), _drop_cancellation),
)


def _take_over(
    client: AnyActionClient, future: AnyFuture, request: str
) -> tuple[int, AnyFuture | None]:
    """Cancel the future, and return the one that gets the answer in its place.

    Without one rclpy would complain of an answer that it does not expect.
    """
    answer: AnyFuture = rclpy.task.Future()
    pending = private_actions.pending_of(client)[request]
    with private_actions.lock_of(client):
        sequence = private_actions.number_of(client, request, future)
        if sequence is None:
            return 0, None
        pending[sequence] = answer
        client.add_future(answer)
        client.remove_future(future)
    future.cancel()
    return sequence, answer


class _CancelIfAccepted(InlineCallback):
    """Cancels a goal that was accepted when nobody wanted it any more."""

    def __call__(self, future: AnyFuture) -> None:
        _cancel_accepted(future)


def _cancel_accepted(future: AnyFuture) -> None:
    handle = future.result()
    if handle is not None and handle.accepted:
        client = private_actions.client_of(handle)
        private_actions.feedback_callbacks_of(client).pop(bytes(handle.goal_id.uuid), None)
        _cancel(client, handle.goal_id)


def _cancel(client: AnyActionClient, goal_id: Any, *, warn: bool = True) -> None:
    """Ask the server to cancel a goal; whoever is asked too early, or too late, says no."""
    try:
        future = cancel_goal(client, goal_id)
    except (InvalidHandle, RCLError):
        return  # the client is gone, or its context
    if warn:
        future.add_done_callback(_WarnIfRefused(client, goal_id))


class _WarnIfRefused(InlineCallback):
    """Says that a goal goes on although nobody awaits it."""

    def __init__(self, client: AnyActionClient, goal_id: Any) -> None:
        self._client = client
        self._goal_id = goal_id

    def __call__(self, future: AnyFuture) -> None:
        response = future.result()
        if response is not None and is_refusal(self._client, self._goal_id, response):
            name = private_actions.action_name_of(self._client)
            goal = bytes(self._goal_id.uuid).hex()
            private_actions.logger_of_action(self._client).warning(
                f"The server of action '{name}' refused to cancel goal {goal}, which nobody awaits "
                "any more: it goes on"
            )
