# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The task that executes one goal of an action server: however it ends, the client is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._rclpy import private
from aiorcl._rclpy.compiled import RCLError
from aiorcl._tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.action.server import ActionServer, ServerGoalHandle
    from rclpy.executors import Executor

    from aiorcl._tasks.owned_coroutines import OwnedCoroutines


class Execution(Task[None]):
    """Runs what rclpy's server runs, which ends the goal unless it is cancelled itself.

    Then this does: the goal is canceled if that was asked for, and else aborted.

    :param server_label: what the server is called: ``"action server '/action'"``.
    """

    def __init__(
        self,
        owned: OwnedCoroutines,
        executor: Executor,
        server: ActionServer[Any, Any, Any],
        callback: Callable[..., Any],
        goal: ServerGoalHandle[Any, Any, Any],
        server_label: str,
    ) -> None:
        execute = private.execute_goal_of(server)
        super().__init__(lambda: execute(callback, goal), (), {}, owned, executor)
        self._server = server
        self._goal = goal
        self.label = f"the execute callback of {server_label}"
        self.owner = private.node_of(server)

    def _take_handler(self) -> Any:
        # No coroutine before: one whose executor is collected would complain that it never ran.
        begin = super()._take_handler()
        return None if begin is None else begin()

    def never_begins(self) -> None:
        """It was cancelled before it began. Any thread."""
        self._end_goal()

    def _failed(self, error: BaseException) -> None:
        self._end_goal()
        super()._failed(error)

    def _end_goal(self) -> None:
        server, goal = self._server, self._goal
        try:
            with private.server_handle_of(server):
                if goal.is_active:
                    if goal.is_cancel_requested:
                        goal.canceled()
                    else:
                        goal.abort()
        except (InvalidHandle, RCLError):
            return  # the server is gone, or its context: nobody can be answered
        future = private.result_futures_of(server).get(bytes(goal.goal_id.uuid))
        if future is not None and not future.done():
            response = server.action_type.Impl.GetResultService.Response()
            response.status = goal.status
            future.set_result(response)
