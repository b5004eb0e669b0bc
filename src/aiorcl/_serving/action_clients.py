# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How an action client is watched: what handles its answers, and its feedback."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient
from rclpy.waitable import Waitable

from aiorcl import _core
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy import private, private_actions
from aiorcl._rclpy.own_methods import OwnMethods
from aiorcl._serving.action_messages import ActionSource
from aiorcl._serving.actions import TAKEN, Action, finish, take_ended_goals
from aiorcl._serving.registry import served
from aiorcl._tasks.action_requests.cancel_requests import CancelRequests
from aiorcl._tasks.action_requests.result_requests import ResultRequests
from aiorcl._tasks.goal_states import note_canceling, note_statuses
from aiorcl._tasks.sending import sending_of
from aiorcl._tasks.unwanted_requests import note_listeners

if TYPE_CHECKING:
    from aiorcl._serving.watcher import Watcher

_TAKES = OwnMethods(ActionClient, *TAKEN)


def is_plain_client(waitable: Waitable[Any]) -> bool:
    """Return True for an action client that is taken and executed as rclpy does it."""
    return isinstance(waitable, ActionClient) and _TAKES.are_those_of(waitable)


# By client the answers that were kept until their requests were noted. What has taken them may have
# let go of the client meanwhile: whatever watches it handles them.
_kept_answers: ByIdentity[Any, deque[tuple[ActionSource, Any]]] = ByIdentity()


def _keep_answer(client: Any, source: ActionSource, answer: Any) -> None:
    """Have whatever watches a client handle an answer. Any thread."""
    _kept_answers.setdefault(client, deque()).append((source, answer))
    # In this order: what watches the client next looks after that is known here.
    _post_kept_answers(client)


def _post_kept_answers(client: Any) -> None:
    found = served(client)
    if found is not None:
        found.served_node.serving.post_job(partial(_handle_kept_answers, client))


def _handle_kept_answers(client: Any) -> None:
    """Handle them on the thread of the executor that serves the client, if that is this one."""
    found, answers = served(client), _kept_answers.get(client)
    if found is None or not answers or not isinstance(found.core, Action):
        return
    if not found.served_node.serving.run.runs_here():  # it has moved since this was posted
        _post_kept_answers(client)
        return
    try:
        while answers:
            source, answer = answers.popleft()
            found.core.handle_answer[source](answer)
    finally:
        if answers:
            _post_kept_answers(client)


def _forget_orphans(client: ActionClient[Any, Any, Any]) -> None:
    """Drop futures that nothing completes: Kilted's send_goal_async makes a second one for each."""
    # In this order: another thread that sends notes a future as pending first.
    futures = list(private.futures_of(client))
    pending = {
        id(future)
        for requests in private_actions.pending_of(client).values()
        for future in list(requests.values())
    }
    if len(futures) > len(pending):
        for future in futures:
            if id(future) not in pending:
                client.remove_future(future)


def watch_client(
    watcher: Watcher, client: ActionClient[Any, Any, Any], group: _core.Group | None
) -> Action:
    """Watch an action client."""
    handle: Any = private_actions.client_handle_of(client)
    action_type, node = private_actions.type_of(client), private_actions.node_of_action(client)
    assert node is not None  # of an action
    impl = action_type.Impl
    with handle:
        name = node.resolve_topic_name(_core.action_client_name(handle.pointer))
        goals_at_once, cancels_at_once = _core.action_client_depths(handle.pointer)
    action = Action(client, "client", name, handle, action_type)
    action.goals_at_once = goals_at_once

    pending = private_actions.pending_of(client)
    callbacks = private_actions.feedback_callbacks_of(client)
    goals_of_results = private_actions.goal_ids_of(client)["result"]

    def answer(key: str) -> Callable[[Any], None]:
        forget = private_actions.forgetter_of(client, key)

        def run(data: Any) -> None:
            future = pending[key].get(data[0])
            if future is not None:
                watcher.bind(future)
                if key == "goal":
                    note_listeners(future)
                # Done here: a task would do it in its turn, when the client may be elsewhere.
                private.remove_done_callback(future, forget)
            finish(client.execute({key: data}))  # type: ignore[misc]  # one key of all
            if future is not None:
                forget(future)
            if key == "goal":
                _forget_orphans(client)

        return run

    execute_result = answer("result")
    results = action.results = ResultRequests(client)
    execute_cancel = answer("cancel")
    cancels = action.cancels = CancelRequests(client, cancels_at_once, watcher.dispatcher.runs_here)

    def cancel(data: Any) -> None:
        if not cancels.is_final(*data):
            return
        note_canceling(client, (goal.goal_id for goal in data[1].goals_canceling))
        number = cancels.answered(data[0])
        if number is not None:
            execute_cancel((number, data[1]))

    def result(data: Any) -> None:
        if not results.is_final(*data):
            return
        number = results.answered(data[0])
        if number is None:
            return
        goal_id = goals_of_results.get(number)
        key = b"" if goal_id is None else bytes(goal_id.uuid)
        callback = callbacks.pop(key, None)
        execute_result((number, data[1]))
        if callback is not None and action.feedback_is_ready():
            keep_for_last(key, callback)

    def keep_for_last(key: bytes, callback: Callable[[Any], Any]) -> None:
        action.last_feedback[key] = callback
        # Not now: whoever hands over tells what is ready when this is watched.
        post = watcher.mailbox.post_job
        post(lambda: action.after_feedback(post, lambda: action.last_feedback.pop(key, None)))

    def feedback(message: Any) -> Any:
        goal_id = bytes(message.goal_id.uuid)
        take = action.takes_feedback.get(goal_id)
        if take is not None:
            return take(message.feedback)
        callback = callbacks.get(goal_id) or action.last_feedback.get(goal_id)
        if callback is None:
            return None
        call = watcher.workers.callable_in(client.callback_group, callback, action.feedback)
        return call(message)

    def status(message: Any) -> None:
        note_statuses(client, message)
        finish(client.execute({"status": message}))
        results.expect()

    sending = sending_of(client)

    def noted(source: ActionSource, handle: Callable[[Any], object]) -> Callable[[Any], None]:
        action.handle_answer[source] = handle
        return lambda data: sending.hand_on(data, handle, partial(_keep_answer, client, source))

    for source, run, service in (
        (ActionSource.GOAL_RESPONSE, answer("goal"), impl.SendGoalService),
        (ActionSource.CANCEL_RESPONSE, cancel, impl.CancelGoalService),
        (ActionSource.RESULT_RESPONSE, result, impl.GetResultService),
    ):
        part = action.add(watcher, handle, None, source, service.Response, noted(source, run))
        action.responses.append(part)
    for source, cls, run, of_group in (
        (ActionSource.FEEDBACK, impl.FeedbackMessage, feedback, group),
        (ActionSource.STATUS, impl.GoalStatusMessage, status, None),
    ):
        action.others.append(action.add(watcher, handle, of_group, source, cls, run))
    action.feedback = action.others[0]
    for key in take_ended_goals(client):
        callback = callbacks.pop(key, None)
        if callback is not None:
            keep_for_last(key, callback)
    # In this order: what is sent is noted when it is under way no more.
    if sending.is_under_way or any(pending.values()):  # asked for where the client was before
        watcher.mailbox.post_job(partial(_handle_kept_answers, client))
        watcher.mailbox.post_job(results.expect)
    return action
