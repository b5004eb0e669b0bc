# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The task that executes one goal of an action server: however it ends, the client is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy import private_actions
from aiorcl._rclpy.compiled import RCLError
from aiorcl._tasks.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable

    import rclpy.task
    from rclpy.action.server import ActionServer, ServerGoalHandle
    from rclpy.executors import Executor

    from aiorcl._tasks.owned_coroutines import OwnedCoroutines
    from aiorcl._tasks.unfetched import Unfetched

# Those that have not ended, and others that somebody holds yet.
_executions: ByIdentity[Execution, None] = ByIdentity()


def executes(server: ActionServer[Any, Any, Any]) -> bool:
    """Tell whether a goal of a server is executed, or will be, and has no result yet. Any thread.

    It may have called ``succeed()`` already. Not one of which the user has kept only the handle.
    """
    return any(each.brings_result_of(server) for each in _executions.objects())


class ExecuteCallback:
    """What messages call the execute callback of an action server.

    :param server_label: what the server is called: ``"action server '/action'"``.
    """

    def __init__(self, server: ActionServer[Any, Any, Any], server_label: str) -> None:
        self.label = f"the execute callback of {server_label}"
        self.node = private_actions.node_of_action(server)


class Execution(Task[None]):
    """Runs what rclpy's server runs, which ends the goal unless it is cancelled itself.

    Then this does: the goal is canceled if that was asked for, and else aborted.
    """

    def __init__(
        self,
        owned: OwnedCoroutines,
        unfetched: Unfetched,
        executor: Executor,
        server: ActionServer[Any, Any, Any],
        callback: Callable[..., Any],
        goal: ServerGoalHandle[Any, Any, Any],
        called: ExecuteCallback,
    ) -> None:
        execute = private_actions.execute_goal_of(server)
        super().__init__(lambda: execute(callback, goal), (), {}, owned, unfetched, executor)
        self._server = server
        self._goal = goal
        self.label = called.label
        self.owner = called.node
        _executions[self] = None

    def brings_result_of(self, server: ActionServer[Any, Any, Any]) -> bool:
        """Tell whether it executes a goal of a server whose result is to come yet. Any thread."""
        if self._server is not server:
            return False
        future = self._result_future()
        return future is not None and not future.done()

    def _result_future(self) -> rclpy.task.Future[Any] | None:
        """Return what the requests for the result wait for; None if the goal has expired."""
        return private_actions.result_futures_of(self._server).get(bytes(self._goal.goal_id.uuid))

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
            with private_actions.server_handle_of(server):
                if goal.is_active:
                    if goal.is_cancel_requested:
                        goal.canceled()
                    else:
                        goal.abort()
        except (InvalidHandle, RCLError):
            return  # the server is gone, or its context: nobody can be answered
        future = self._result_future()
        if future is not None and not future.done():
            response = server.action_type.Impl.GetResultService.Response()
            response.status = goal.status
            future.set_result(response)
