# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How many goals of one action are sent at once, and which one is the next."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._coroutines.line import Line
from aiorcl._coroutines.readiness import action_ready
from aiorcl._rclpy.private_actions import action_name_of, pending_of
from aiorcl._serving.actions import action_of
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.registry import served_node_of

if TYPE_CHECKING:
    from rclpy.action.client import ActionClient

    from aiorcl._serving.serving import Serving

    AnyActionClient = ActionClient[Any, Any, Any]


class GoalWindow:
    """The goals of one action, of all its clients on one executor, that no server has answered yet.

    No more than the client's queue holds, as for the calls of a service and for the same reasons.
    On the loop's thread.
    """

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._sent = 0
        self._line = Line(self._has_room)

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

    def answered(self) -> None:
        """A goal that had entered is accepted or rejected, or given up."""
        self._sent -= 1
        self._line.advance()

    def _has_room(self, client: AnyActionClient) -> bool:
        # Goals by send_goal_async() count too. But whether they are ever answered is not known
        # here, so that one is always let through.
        action, pending = action_of(client), len(pending_of(client)["goal"])
        limit = None if action is None else action.goals_at_once
        return self._sent == 0 or limit is None or max(self._sent, pending) < limit


# By executor and action; they last as long as the goals that hold them.
_windows: weakref.WeakValueDictionary[tuple[int, str], GoalWindow] = weakref.WeakValueDictionary()


def goal_window_of(client: AnyActionClient) -> GoalWindow:
    """Return the window of the action of a client, on the executor that serves it.

    :raises RuntimeError: unless an `AsyncioExecutor` serves the client on the running loop.
    """
    serving, action = served_node_of(client).serving, action_of(client)
    name = f"of client {id(client)}" if action is None else action.name
    return _windows.setdefault((id(serving), name), GoalWindow(serving))
