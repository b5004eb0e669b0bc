# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Action clients and servers of rclpy: watched part by part, as rcl_action tells of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient
from rclpy.action.server import (
    ActionServer,
    default_cancel_callback,
    default_goal_callback,
    default_handle_accepted_callback,
)
from rclpy.waitable import Waitable

from aiorcl import _core
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.do_all import do_all
from aiorcl._rclpy import private
from aiorcl._rclpy.own_methods import OwnMethods
from aiorcl._serving.action_messages import ActionSource, Sender
from aiorcl._serving.judging import begin
from aiorcl._serving.registry import served
from aiorcl._tasks.action_requests.cancel_requests import CancelRequests
from aiorcl._tasks.action_requests.result_requests import ResultRequests
from aiorcl._tasks.goal_states import note_canceling, note_statuses
from aiorcl._tasks.sending import sending_of
from aiorcl._tasks.unwanted_requests import note_listeners

if TYPE_CHECKING:
    from aiorcl._serving.watcher import Watcher


_TAKEN = ("is_ready", "take_data", "execute")
_OF_CLIENT = OwnMethods(ActionClient, *_TAKEN)
_OF_SERVER = OwnMethods(ActionServer, *_TAKEN)


# Which block nothing.
_DEFAULTS = (default_goal_callback, default_handle_accepted_callback, default_cancel_callback)


def is_plain_client(waitable: Waitable[Any]) -> bool:
    """Return True for an action client that is taken and executed as rclpy does it."""
    return isinstance(waitable, ActionClient) and _OF_CLIENT.are_those_of(waitable)


def is_plain_server(waitable: Waitable[Any]) -> bool:
    """Return True for an action server that is taken and executed as rclpy does it."""
    return isinstance(waitable, ActionServer) and _OF_SERVER.are_those_of(waitable)


# By client the ids of goals whose feedback callbacks are back in rclpy's hands, though they have
# ended: whoever watches the client next takes what had arrived before the result.
_ended_goals: ByIdentity[Any, set[bytes]] = ByIdentity()

# Of servers. One stays in the graph when its node is destroyed, which then does not list it.
_names: ByIdentity[Any, str] = ByIdentity()


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


class Action:
    """What watches one action client or server: an entity for each of its parts.

    What calls nothing of the user's is in no group, as responses of services are: a feedback
    callback may await the result of its goal. That is what completes futures, and the status.
    """

    def __init__(self, action: Any, kind: str, name: str, handle: Any, action_type: Any) -> None:
        self.rclpy_entity = action
        self.name = name  # resolved
        self.label = f"action {kind} '{name}'"
        self.sender = Sender(action, handle, action_type, self.label)
        self.responses: list[_core.ActionPart] = []
        self.others: list[_core.Entity] = []
        # Of a client: the part, one of the others; and what takes the feedback of goals, by their
        # id, on the loop's thread, also after the result, with which rclpy forgets its callbacks.
        self.feedback: _core.Entity | None = None
        self.takes_feedback: dict[bytes, Callable[[Any], None]] = {}
        # Of a client, too: what handles an answer that was taken.
        self.handle_answer: dict[ActionSource, Callable[[Any], object]] = {}
        self.goals_at_once: int | None = None  # no limit
        self.results: ResultRequests | None = None
        self.cancels: CancelRequests | None = None
        # Callbacks of goals that have ended, for the feedback that arrived before the result.
        self.last_feedback: dict[bytes, Callable[[Any], Any]] = {}

    @property
    def parts(self) -> list[_core.Entity]:
        """All of them."""
        return [*self.responses, *self.others]

    @property
    def closed(self) -> bool:
        """Tell whether it is watched no more."""
        return all(part.closed for part in self.parts)

    def label_of(self, part: str) -> str:
        """Name a part in messages and statistics."""
        return f"{part} of {self.label}"

    def feedback_is_ready(self) -> bool:
        """Tell whether feedback has arrived that is to be taken in its turn."""
        part = self.feedback
        return part is not None and part.pending > 0 and not part.held_back

    def after_feedback(
        self, post: Callable[[Callable[[], object]], None], then: Callable[[], object]
    ) -> None:
        """Call ``then`` when the feedback that has arrived is taken; now, if that is none.

        :param post: runs a callable in its turn.
        """
        if self.feedback_is_ready():
            post(lambda: self.after_feedback(post, then))
        else:
            then()

    def mute(self) -> None:
        """Let no callback of it begin any more. Any thread."""
        for part in self.parts:
            part.mute()

    def close(self, *, keep_responses: bool = False) -> None:
        """Watch it no more; its responses yet, if coroutines that end may await them."""
        self._hand_back()
        self.sender.active = keep_responses
        parts = self.others if keep_responses else self.parts
        requests = () if keep_responses else (self.cancels, self.results)
        do_all(
            *(part.close for part in parts),
            *(each.close for each in requests if each is not None),
        )

    def _hand_back(self) -> None:
        last, self.last_feedback = self.last_feedback, {}
        if last:
            private.feedback_callbacks_of(self.rclpy_entity).update(last)
            _ended_goals.setdefault(self.rclpy_entity, set()).update(last)

    def add(
        self,
        watcher: Watcher,
        handle: Any,
        group: _core.Group | None,
        source: ActionSource,
        message_class: Any,
        execute: Callable[[Any], Any],
    ) -> _core.ActionPart:
        """Return the entity of one part."""
        return _core.ActionPart(
            *(watcher.dispatcher, self.rclpy_entity, handle, group),
            *(self.label_of(source.name.lower().replace("_", " ")), source),
            *(message_class, execute),
        )


def action_of(entity: Any) -> Action | None:
    """Return what watches an action client or server part by part, if an executor does."""
    found = served(entity)
    return found.core if found is not None and isinstance(found.core, Action) else None


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine of rclpy that awaits nothing: it needs no task."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} awaits something")


def _forget_orphans(client: ActionClient[Any, Any, Any]) -> None:
    """Drop futures that nothing completes: Kilted's send_goal_async makes a second one for each."""
    # In this order: another thread that sends notes a future as pending first.
    futures = list(private.futures_of(client))
    pending = {
        id(future)
        for requests in private.pending_of(client).values()
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
    handle: Any = private.client_handle_of(client)
    action_type, node = private.type_of(client), private.node_of_action(client)
    assert node is not None  # of an action
    impl = action_type.Impl
    with handle:
        name = node.resolve_topic_name(_core.action_client_name(handle.pointer))
        goals_at_once, cancels_at_once = _core.action_client_depths(handle.pointer)
    action = Action(client, "client", name, handle, action_type)
    action.goals_at_once = goals_at_once

    pending = private.pending_of(client)
    callbacks = private.feedback_callbacks_of(client)
    goals_of_results = private.goal_ids_of(client)["result"]

    def answer(key: str) -> Callable[[Any], None]:
        forget = private.forgetter_of(client, key)

        def run(data: Any) -> None:
            future = pending[key].get(data[0])
            if future is not None:
                watcher.bind(future)
                if key == "goal":
                    note_listeners(future)
                # Done here: a task would do it in its turn, when the client may be elsewhere.
                private.remove_done_callback(future, forget)
            _finish(client.execute({key: data}))  # type: ignore[misc]  # one key of all
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
        _finish(client.execute({"status": message}))
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
    for key in _ended_goals.pop(client) or ():
        callback = callbacks.pop(key, None)
        if callback is not None:
            keep_for_last(key, callback)
    # In this order: what is sent is noted when it is under way no more.
    if sending.is_under_way or any(pending.values()):  # asked for where the client was before
        watcher.mailbox.post_job(partial(_handle_kept_answers, client))
        watcher.mailbox.post_job(results.expect)
    return action


def servers_of(name: str) -> list[ActionServer[Any, Any, Any]]:
    """Return the servers of an action, by its resolved name, that are watched here, or were."""
    return [server for server in _names.objects() if _names.get(server) == name]


def watch_server(
    watcher: Watcher,
    server: ActionServer[Any, Any, Any],
    group: _core.Group | None,
    wait_set: int,
) -> Action:
    """Watch an action server; ``wait_set`` is the address of one that holds only its entities."""
    handle: Any = private.server_handle_of(server)
    impl = server.action_type.Impl
    node = private.node_of_action(server)
    assert node is not None  # of an action
    with handle:
        # Resolved already by newer rcl_action, but not by that of Jazzy.
        name = node.resolve_topic_name(_core.action_server_name(handle.pointer))
    _names[server] = name
    action = Action(server, "server", name, handle, server.action_type)

    in_worker = watcher.workers.calls_in_shared(server.callback_group)

    def execute(key: str, part: int) -> Callable[[Any], Coroutine[Any, Any, None] | None]:
        def callable_for(callback: Callable[..., Any]) -> Callable[..., Any]:
            if in_worker is None or any(callback is each for each in _DEFAULTS):
                return callback
            called: Callable[..., Any] = in_worker(callback, action.others[part])
            return called

        return lambda data: begin(server.execute({key: data}), callable_for)  # type: ignore[misc]  # one of all

    def expire() -> None:
        with private.lock_of(server):
            expired = handle.expire_goals(max(1, len(private.goals_of(server))))
        _finish(server.execute({"expired": expired}))

    for part, (source, service, key) in enumerate(
        (
            (ActionSource.GOAL_REQUEST, impl.SendGoalService, "goal"),
            (ActionSource.CANCEL_REQUEST, impl.CancelGoalService, "cancel"),
            (ActionSource.RESULT_REQUEST, impl.GetResultService, "result"),
        )
    ):
        run = execute(key, part)
        action.others.append(action.add(watcher, handle, group, source, service.Request, run))
    action.others.append(
        _core.GoalExpiry(
            *(watcher.dispatcher, server, handle, action.label_of("expiry")),
            *(wait_set, expire),
        )
    )
    return action
