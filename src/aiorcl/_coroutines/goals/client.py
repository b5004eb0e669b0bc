# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A goal as a block: what is left is cancelled, and has ended when the block has."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, cast
from uuid import uuid4

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action.client import ActionClient
from rclpy.exceptions import InvalidHandle
from unique_identifier_msgs.msg import UUID

from aiorcl._coroutines.arguments import check, check_message, checked_queue_size
from aiorcl._coroutines.goals.errors import (
    GoalAbortedError,
    GoalCanceledError,
    GoalLostError,
    GoalRejectedError,
)
from aiorcl._coroutines.goals.server_watch import ServerWatch, ask_again
from aiorcl._coroutines.goals.window import GoalWindow, goal_window_of
from aiorcl._coroutines.streams.stream import Feed
from aiorcl._rclpy.compiled import RCLError
from aiorcl._rclpy.private_actions import action_name_of, logger_of_action, type_of
from aiorcl._rclpy.typed import AnyFeedbackT, AnyResultT, FeedbackT, GoalSender, GoalT, ResultT
from aiorcl._serving.actions import action_of
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.registry import served_node_of
from aiorcl._tasks.action_requests.cancel_requests import cancel_goal
from aiorcl._tasks.failure import fail
from aiorcl._tasks.goal_states import is_canceling, is_refusal
from aiorcl._tasks.inline import CallsInline
from aiorcl._tasks.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from typing import Self

    import rclpy.task
    from rclpy.action.client import ClientGoalHandle

_ERRORS = {
    GoalStatus.STATUS_ABORTED: (GoalAbortedError, "was aborted by the server"),
    GoalStatus.STATUS_CANCELED: (GoalCanceledError, "was cancelled"),
}


class RunningGoal(AsyncIterator[FeedbackT], Generic[GoalT, ResultT, FeedbackT]):
    """A goal that a server executes, from ``async with`` on; made by `aiorcl.goal`.

    ``async for feedback in running`` yields the feedback messages as they come, and ends when the
    goal has ended, however it did. ``await running.result()`` says how. Both may be done by several
    tasks; each feedback goes to one of them.

    When the block is left before the goal has ended, by ``break``, an exception, a timeout or a
    cancellation, the goal is cancelled, and the block ends when the goal has. A server that refuses
    to cancel, as rclpy's does unless it has a ``cancel_callback``, is waited for until the goal has
    ended by itself, and the log of the node says so; a second cancellation ends that wait, but not
    the same one again, as in the scopes of anyio.

    No callback group holds the answers of the server back. Feedback it does: a client whose
    exclusive group is busy, with the callback that waits say, gets feedback only after that.

    On the thread of the loop.
    """

    def __init__(
        self,
        client: ActionClient[GoalT, ResultT, FeedbackT],
        goal: GoalT,
        feedback_queue_size: int | None,
    ) -> None:
        self._client = client
        self._action_name = action_name_of(client)
        self._goal = goal
        self._queue_size = feedback_queue_size
        self._handle: ClientGoalHandle[Any, Any, Any] | None = None
        self._feed: Feed[FeedbackT] | None = None
        self._server_watch: ServerWatch | None = None
        self._asked: set[rclpy.task.Future[Any]] = set()  # of what an answer is awaited
        self._over = asyncio.Event()
        self._response: Any = None
        self._error: Callable[[], Exception] | None = None
        self._forget_feedback: Callable[[], object] = lambda: None

    @property
    def client(self) -> ActionClient[GoalT, ResultT, FeedbackT]:
        """The client that sends the goal."""
        return self._client

    @property
    def handle(self) -> ClientGoalHandle[Any, Any, Any]:
        """rclpy's handle of the goal.

        :raises RuntimeError: before the goal is accepted.
        """
        if self._handle is None:
            raise RuntimeError("Not accepted yet: async with aiorcl.goal(client, goal) as running")
        return self._handle

    @property
    def goal_id(self) -> UUID:
        """The id of the goal."""
        return self.handle.goal_id

    @property
    def status(self) -> int:
        """A constant of ``action_msgs.msg.GoalStatus``, as far as the client has heard."""
        if self._response is not None:
            return int(self._response.status)
        return GoalStatus.STATUS_UNKNOWN if self._handle is None else self._handle.status

    @property
    def dropped(self) -> int:
        """How many feedback messages a full queue has lost, the oldest first.

        Not what the middleware has lost before they were taken, while the loop was busy.
        """
        return 0 if self._feed is None else self._feed.dropped

    async def __aenter__(self) -> Self:
        """Wait for a server and for its turn, send the goal, and wait until it is accepted.

        :raises GoalRejectedError: if the server does not accept it.
        :raises TypeError: if a field of the goal is of another type.
        :raises GoalLostError: if the server goes away meanwhile.
        :raises EntityGoneError: if the client or its node does, or the executor or the context.
        :raises RuntimeError: the second time; or unless an `AsyncioExecutor` serves the client on
            the running loop.
        """
        if self._feed is not None:
            raise RuntimeError("A goal is sent once: call aiorcl.goal() for another one")
        client = self._client
        window = goal_window_of(client)
        await window.enter(client)
        try:
            await self._send(client, window)
        finally:
            window.answered()
        return self

    async def _send(
        self, client: ActionClient[GoalT, ResultT, FeedbackT], window: GoalWindow
    ) -> None:
        self._feed = Feed(self._queue_size)
        served_node = served_node_of(client)
        self._server_watch = ServerWatch(self, served_node, self._failed)
        self._server_watch.__enter__()
        try:
            self._feed.follow(served_node.serving, client, served_node.node)
            self._check_goes_on()
            goal_id = UUID(uuid=list(uuid4().bytes))
            self._take_feedback(goal_id, self._feed)
            accepting = client.send_goal_async(self._goal, goal_uuid=goal_id)
            window.sent(client, accepting)
            try:
                handle: ClientGoalHandle[Any, Any, Any] = await self._ask(accepting)
                self._check_goes_on()  # what came in the same turn as the answer
            except (GoalLostError, EntityGoneError):
                with contextlib.suppress(InvalidHandle, RCLError):
                    cancel_goal(client, goal_id)  # which may be accepted all the same
                raise
            if not handle.accepted:
                raise GoalRejectedError(
                    f"The server of action '{self._action_name}' rejected the goal",
                    GoalStatus.STATUS_UNKNOWN,
                )
            self._handle = handle
            self._result_future = handle.get_result_async()
            self._result_future.add_done_callback(CallsInline(self._ended))
            self._server_watch.accepted()
        except BaseException:
            self._close()
            raise

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if not self._over.is_set():
                # Destroyed on another thread: that word is on its way.
                with contextlib.suppress(InvalidHandle):
                    self._cancel()
                await self._wait_for_end(exc)
            elif self._error is not None:
                # Of the end nobody hears here, but the client may be able to ask for it.
                with contextlib.suppress(InvalidHandle, RCLError):
                    self._cancel()
        finally:
            self._close()

    def _cancel(self) -> None:
        """Have the server cancel the goal, unless it does already."""
        if not is_canceling(self._client, self.handle.goal_id):
            answer = cancel_goal(self._client, self.handle.goal_id)
            answer.add_done_callback(CallsInline(self._cancel_answered))

    async def _wait_for_end(self, left_by: BaseException | None) -> None:
        """Wait until the goal has ended, or until the task is cancelled once more."""
        if not isinstance(left_by, asyncio.CancelledError):
            await self._over.wait()
            return
        name = left_by.args  # of the cancellation: scopes that repeat theirs give it one
        await uninterrupted(self._over.wait, lambda again: not name or again.args != name)

    async def result(self) -> ResultT:
        """Wait until the goal has ended, and return its result. Also after the block.

        To be cancelled while it waits does not cancel the goal; that the block does.

        :raises GoalAbortedError: if the server gave up.
        :raises GoalCanceledError: if the goal was cancelled.
        :raises GoalLostError: if the server went away, or has forgotten the goal.
        :raises EntityGoneError: if the client or its node did, or the executor or the context.
        :raises RuntimeError: before the goal is accepted.
        """
        name = self._name()
        await self._over.wait()
        if self._error is not None:
            raise self._error()
        status, result = self._response.status, self._response.result
        if status == GoalStatus.STATUS_SUCCEEDED:
            return cast("ResultT", result)
        if status not in _ERRORS:
            raise self._forgotten()
        error, what = _ERRORS[status]
        raise error(f"{name} {what}", status, result)

    async def cancel(self) -> bool:
        """Ask the server to cancel the goal; return True if it will.

        False if it refuses, or the goal has ended. The goal has not ended yet when this returns
        True: ``result()`` raises `GoalCanceledError` when it has, or whatever the server makes of
        it. To be cancelled while it waits does not take the request back.

        :raises GoalLostError: if the server goes away meanwhile.
        :raises EntityGoneError: as ``result()`` does.
        :raises RuntimeError: before the goal is accepted.
        """
        handle = self.handle
        if self._over.is_set():
            return False
        try:
            cancelling = cancel_goal(self._client, handle.goal_id)
        except InvalidHandle:  # destroyed on another thread, whose word is on its way
            what = f"The client of action '{self._action_name}' was destroyed"
            raise EntityGoneError(what) from None
        response = await self._ask(cancelling)
        self._heed(response)
        self._check_goes_on()
        # The answer to the first of several requests may have been lost.
        return bool(response.goals_canceling) or self.status == GoalStatus.STATUS_CANCELING

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FeedbackT:
        """Return the next feedback message.

        :raises StopAsyncIteration: if the goal has ended and all are taken.
        :raises RuntimeError: before the goal is accepted.
        """
        if self._feed is None:
            raise RuntimeError("Not sent yet: async with aiorcl.goal(client, goal) as running")
        return await self._feed.get()

    def _take_feedback(self, goal_id: UUID, feed: Feed[FeedbackT]) -> None:
        action, key = action_of(self._client), bytes(goal_id.uuid)
        if action is not None:
            action.takes_feedback[key] = feed.put
            self._forget_feedback = lambda: action.takes_feedback.pop(key, None)

    async def _ask(self, future: rclpy.task.Future[Any]) -> Any:
        """Await the answer of the server, unless that goes away."""
        self._asked.add(future)
        try:
            self._check_goes_on()
            return await future
        finally:
            self._asked.discard(future)

    def _check_goes_on(self) -> None:
        """Raise what was told while nobody waited."""
        if self._error is not None:
            raise self._error()

    def _cancel_answered(self, future: rclpy.task.Future[Any]) -> None:
        """Tell of a server that refuses to cancel: the goal goes on although its block is left."""
        if self._over.is_set() or future.cancelled() or future.exception() is not None:
            return
        response: Any = future.result()
        self._heed(response)
        if is_refusal(self._client, self.handle.goal_id, response):
            logger_of_action(self._client).warning(
                f"The server of action '{self._action_name}' refused to cancel goal "
                f"{bytes(self.goal_id.uuid).hex()}: its block ends when the goal does"
            )

    def _heed(self, response: Any) -> None:
        """Do what an answer to a cancellation, that it comes too late, asks for."""
        if response.return_code == CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID:
            self._failed(self._forgotten)
        elif response.return_code == CancelGoal.Response.ERROR_GOAL_TERMINATED:
            ask_again(self._client, self.goal_id)

    def _forgotten(self) -> GoalLostError:
        what = f"{self._name()} is not known to the server any more"
        return GoalLostError(what, GoalStatus.STATUS_UNKNOWN)

    def _name(self) -> str:
        return f"Goal {bytes(self.goal_id.uuid).hex()} of action '{self._action_name}'"

    def _ended(self, future: rclpy.task.Future[Any]) -> None:
        """The result has come."""
        if (error := future.exception()) is not None and not self._over.is_set():
            self._failed(lambda: EntityGoneError(str(error)))  # nobody gives it any more
        if self._over.is_set():
            return
        self._response = future.result()
        self._over.set()
        action, watch = action_of(self._client), self._server_watch
        if action is not None and watch is not None:
            action.after_feedback(watch.post_job, self._end_feedback)
        else:
            self._end_feedback()

    def _end_feedback(self) -> None:
        """End the iteration, after the feedback that has arrived before the result."""
        assert self._feed is not None
        self._feed.gone("The goal has ended")

    def _failed(self, error: Callable[[], Exception]) -> None:
        """Nothing will come from the server any more."""
        for future in list(self._asked):
            fail(future, error())
        if self._over.is_set():
            return
        self._error = error
        if self._handle is None:
            return
        self._over.set()
        self._result_future.cancel()
        assert self._feed is not None
        self._feed.gone(str(error()))

    def _close(self) -> None:
        if self._server_watch is not None:
            self._server_watch.__exit__()
        if self._feed is not None:
            self._feed.close()
        self._forget_feedback()
        # They know the executor, and the user may keep this object.
        self._server_watch, self._forget_feedback = None, lambda: None


def goal(
    action_client: GoalSender[GoalT, AnyResultT, AnyFeedbackT],
    goal: GoalT,
    *,
    feedback_queue_size: int | None = 10,
) -> RunningGoal[GoalT, AnyResultT, AnyFeedbackT]:
    """Make a goal that runs while a block is active.

    ``async with aiorcl.goal(client, goal) as running:`` waits for a server, sends the goal and
    waits until it is accepted; leaving the block early cancels the goal and waits for its end. See
    `RunningGoal`, also for the errors. ``asyncio.timeout`` limits any part of it.

    No more goals of an executor to one action are sent and not answered at once than the history of
    the client's goal service holds: 10 by default. Further ones wait for their turn. Clients on
    other executors, in other processes say, are not counted: where many of them may send goals at
    the same instant, give client and server a deeper one, or a goal may be lost, and waits for
    ever: ``goal_service_qos_profile=QoSProfile(depth=100)``. Cancellations and results that are
    lost are asked for again.

    :param feedback_queue_size: how many feedback messages are kept for ``async for``; no limit if
        None. A full queue loses its oldest one, and ``running.dropped`` counts. What comes while
        the loop is busy waits in the middleware, as much as the history of the client's
        ``feedback_sub_qos_profile`` holds: 10 by default, of all its goals together. More than
        that is lost uncounted, whatever the size is.
    :raises ValueError: if ``feedback_queue_size`` is less than 1.
    :raises TypeError: if ``action_client`` is none, or ``goal`` of another type.
    """
    expected = "an ActionClient, rclpy.action.ActionClient(node, type, name)"
    check(action_client, ActionClient, "aiorcl.goal()", expected)
    client = cast("ActionClient[GoalT, AnyResultT, AnyFeedbackT]", action_client)
    check_message(goal, type_of(client).Goal, f"A goal of action '{action_name_of(client)}'")
    limit = feedback_queue_size
    if limit is not None:
        takes = "aiorcl.goal() takes feedback_queue_size as an int, or None"
        limit = checked_queue_size(limit, takes, "feedback_queue_size")
    return RunningGoal(client, goal, limit)
