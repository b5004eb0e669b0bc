# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How many goals of one action are sent at once, and which one is the next."""

from __future__ import annotations

import math
import weakref
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._coroutines.line import Line
from aiorcl._coroutines.readiness import action_ready
from aiorcl._coroutines.silence import Silence
from aiorcl._rclpy.private_actions import action_name_of, pending_of
from aiorcl._serving.actions import action_of
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.registry import served_node_of

if TYPE_CHECKING:
    import rclpy.task
    from rclpy.action.client import ActionClient

    from aiorcl._serving.serving import Serving

    AnyActionClient = ActionClient[Any, Any, Any]


class GoalWindow:
    """The goals of one action, of all its clients on one executor, that no server has answered yet.

    No more than the client's queue holds, as for the calls of a service and for the same reasons.
    On the loop's thread.
    """

    def __init__(self, serving: Serving, name: str) -> None:
        self._serving = serving
        self._sent = 0
        self._line = Line(self._has_room)
        self._silence = Silence(self._line, f"Goals of action '{name}'")

    async def enter(self, client: AnyActionClient) -> None:
        """Wait for a server, and until a goal may be sent; then ``answered``, however it ends.

        :raises EntityGoneError: if the client, its node or the executor is gone.
        :raises RuntimeError: unless an `AsyncioExecutor` serves the client on the running loop.
        """
        waited = False
        try:
            while not (waited and client.server_is_ready()):
                await action_ready(client)
                if self._line.is_free(client):
                    break
                if not self._line:
                    self._silence.broken()
                await self._line.wait(client, served_node_of(client))
                self._serving.check_answers()  # whose end the turn may have come together with
                waited = True
                if not client.server_is_ready():
                    self._line.advance()
        except InvalidHandle:  # destroyed on another thread, whose word is on its way
            name = action_name_of(client)
            raise EntityGoneError(f"The client of action '{name}' was destroyed") from None
        self._sent += 1
        self._line.advance()

    def sent(self, client: AnyActionClient, accepting: rclpy.task.Future[Any]) -> None:
        """A goal that had entered was sent."""
        if self._silence.is_long() and self._count(client) > (_limit_of(client) or math.inf):
            before = pending_of(client)["goal"].values()
            self._silence.sent(accepting, before, served_node_of(client))

    def answered(self) -> None:
        """A goal that had entered is accepted or rejected, or given up."""
        self._sent -= 1
        self._silence.broken()
        self._line.advance()

    def _has_room(self, client: AnyActionClient) -> bool:
        # Goals by send_goal_async() count too. But whether they are ever answered is not known
        # here, so that one is always let through.
        limit = _limit_of(client)
        if self._sent == 0 or limit is None or self._count(client) < limit:
            return True
        return self._silence.is_long()

    def _count(self, client: AnyActionClient) -> int:
        in_queues = self._silence.in_queues(list(pending_of(client)["goal"].values()))
        return max(self._sent - len(self._silence.passed()), in_queues)


def _limit_of(client: AnyActionClient) -> int | None:
    action = action_of(client)
    return None if action is None else action.goals_at_once


# By executor and action; they last as long as the goals that hold them.
_windows: weakref.WeakValueDictionary[tuple[int, str], GoalWindow] = weakref.WeakValueDictionary()


def goal_window_of(client: AnyActionClient) -> GoalWindow:
    """Return the window of the action of a client, on the executor that serves it.

    :raises RuntimeError: unless an `AsyncioExecutor` serves the client on the running loop.
    """
    serving, action = served_node_of(client).serving, action_of(client)
    name = f"of client {id(client)}" if action is None else action.name
    return _windows.setdefault((id(serving), name), GoalWindow(serving, name))
