# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests to cancel goals: they arrive, however many are made at once."""

from __future__ import annotations

import contextlib
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

import rclpy.task
from action_msgs.srv import CancelGoal
from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.exceptions import InvalidHandle

from aiorcl._loop.aside import loop_here
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy import private_actions
from aiorcl._rclpy.compiled import RCLError
from aiorcl._tasks.action_requests.sent_again import SentAgain
from aiorcl._tasks.failure import fail
from aiorcl._tasks.inline import InlineCallback
from aiorcl._tasks.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiorcl._tasks.action_requests.unknown_answers import UnknownAnswers

    AnyFuture = rclpy.task.Future[Any]
    AnyActionClient = ActionClient[Any, Any, Any]

# How long an answer is waited for before a goal is to be cancelled once more; the server may ask
# somebody.
FIRST_WAIT_SEC = 1.0


# By client what cancels its goals while an executor serves it.
_served: ByIdentity[AnyActionClient, weakref.ref[CancelRequests]] = ByIdentity()


def cancel_goal(client: AnyActionClient, goal_id: Any) -> AnyFuture:
    """Ask the server to cancel a goal; return the future of its answer.

    It is asked again until it answers, while an executor serves the client and there is a server.

    :raises InvalidHandle: if the client is gone.
    :raises RCLError: if its context is.
    """
    reference = _served.get(client)
    requests = None if reference is None else reference()
    if requests is None or loop_here() is None or not requests.runs_here():
        return _send(client, goal_id)
    return requests.add(goal_id)


def _send(client: AnyActionClient, goal_id: Any) -> AnyFuture:
    # There may be no handle, and all that rclpy reads of one here is the id.
    acceptance = private_actions.type_of(client).Impl.SendGoalService.Response()
    return private_actions.cancel_goal_async(client, ClientGoalHandle(client, goal_id, acceptance))


class _Request(InlineCallback):
    """One goal that is to be cancelled, until the server has answered."""

    def __init__(self, requests: CancelRequests, goal_id: Any) -> None:
        #: Gets the answer. If nobody can give it any more it is left alone.
        self.answer: AnyFuture = rclpy.task.Future()
        self.goal_id = goal_id
        self.future: AnyFuture  # what rclpy completes
        self.patience = Patience(FIRST_WAIT_SEC)
        self._requests = requests

    def expect(self) -> None:
        """Ask again if the answer does not come."""
        self.patience.wait(self._requests.overdue, self)

    def __call__(self, future: AnyFuture) -> None:
        self.patience.end()
        self._requests.left(self)
        error = future.exception()
        if isinstance(error, Exception):
            fail(self.answer, error)
        elif not self.answer.done():
            self.answer.set_result(future.result())


class CancelRequests:
    """The requests of one client to cancel goals, while an executor serves it.

    No more are under way than its queue holds; others wait until one is answered, or overdue: one
    that the server thinks about is in no queue. On the loop's thread.

    :param limit: how many its queue holds; None if there is no limit.
    :param runs_here: tells whether this is the loop's thread.
    """

    def __init__(
        self, client: AnyActionClient, limit: int | None, runs_here: Callable[[], bool]
    ) -> None:
        self.runs_here = runs_here
        #: As of `ResultRequests`.
        self.unknown_answers: dict[bytes, UnknownAnswers] = {}
        self._client = client
        self._limit = limit
        self._sent_again = SentAgain(client, "cancel")
        self._waiting: deque[_Request] = deque()
        self._fresh: set[_Request] = set()  # under way, and not overdue
        self._overdue: set[_Request] = set()
        _served[client] = weakref.ref(self)

    def add(self, goal_id: Any) -> AnyFuture:
        """As `cancel_goal`; as soon as there is room."""
        request = _Request(self, goal_id)
        if self._has_room():
            self._ask(request)
        else:
            self._waiting.append(request)
        return request.answer

    def is_final(self, number: int, response: Any) -> bool:
        """As `ResultRequests.is_final`."""
        if response.return_code != CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID:
            return True
        newest = self._sent_again.newest(number)
        future = private_actions.pending_of(self._client)["cancel"].get(newest)
        for request in (*self._fresh, *self._overdue):
            if request.future is future:
                unknown = self.unknown_answers.get(bytes(request.goal_id.uuid))
                return unknown is None or (number == newest and unknown.is_last(number))
        return True

    def answered(self, number: int) -> int | None:
        """As `SentAgain.answered`."""
        return self._sent_again.answered(number)

    def left(self, request: _Request) -> None:
        """A request is answered."""
        self._fresh.discard(request)
        self._overdue.discard(request)
        self._advance()

    def overdue(self, request: _Request) -> None:
        """A request is not answered."""
        self._fresh.discard(request)
        self._overdue.discard(request)
        with contextlib.suppress(InvalidHandle, RCLError):  # of the client, or its context
            if self._ask_again(request):
                self._overdue.add(request)
                request.expect()
        self._advance()

    def close(self) -> None:
        """Nobody hears of answers any more: ask at once for what waits, and then no more."""
        _served.pop(self._client)
        for request in [*self._fresh, *self._overdue]:
            request.patience.end()
        with contextlib.suppress(InvalidHandle, RCLError):
            while self._waiting:
                _send(self._client, self._waiting.popleft().goal_id)

    def _has_room(self) -> bool:
        return self._limit is None or len(self._fresh) < self._limit

    def _advance(self) -> None:
        with contextlib.suppress(InvalidHandle, RCLError):
            while self._waiting and self._has_room():
                self._ask(self._waiting.popleft())

    def _ask(self, request: _Request) -> None:
        request.future = _send(self._client, request.goal_id)
        self._fresh.add(request)
        request.future.add_done_callback(request)
        request.expect()

    def _ask_again(self, request: _Request) -> bool:
        """Return whether there is a server to answer: its goals go with it."""
        if not self._client.server_is_ready():
            private_actions.forgetter_of(self._client, "cancel")(request.future)
            return False
        with private_actions.lock_of(self._client):
            number = private_actions.number_of(self._client, "cancel", request.future)
        return number is not None and self._sent_again.send(number, request.goal_id) is not None
