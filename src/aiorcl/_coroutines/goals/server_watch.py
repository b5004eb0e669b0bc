# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Notices that the server of a goal goes away, or one that may have been it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl import _core
from aiorcl._coroutines.goals.errors import GoalLostError
from aiorcl._rclpy.compiled import RCLError
from aiorcl._rclpy.private_actions import action_name_of, client_handle_of
from aiorcl._serving.actions import action_of
from aiorcl._serving.followers import EntityGoneError, on_loop
from aiorcl._serving.graph import GraphChanges
from aiorcl._tasks.action_requests.unknown_answers import UnknownAnswers

if TYPE_CHECKING:
    from rclpy.action.client import ActionClient
    from unique_identifier_msgs.msg import UUID

    from aiorcl._coroutines.goals.client import RunningGoal
    from aiorcl._serving.node import ServedNode


def ask_again(client: ActionClient[Any, Any, Any], goal_id: UUID) -> None:
    """Ask for the result of a goal again: a server that does not know it says so at once."""
    action = action_of(client)
    if action is not None and action.results is not None:
        action.results.ask_again(goal_id)


class ServerWatch(GraphChanges):
    """Notices when the server, the client or the executor goes away.

    Which server has the goal is not known if there are several: a new one beside the old one, or
    beside one that has crashed and is in the graph for some time yet. The goal is lost when none
    is left, or when each that is left says that it does not know it.

    :param failed: is told, by what makes the error to raise.
    """

    def __init__(
        self,
        goal: RunningGoal[Any, Any, Any],
        served_node: ServedNode,
        failed: Callable[[Callable[[], Exception]], None],
    ) -> None:
        super().__init__(served_node, goal.client)
        self.post_job = served_node.serving.post_job
        self._served_node = served_node
        self._goal = goal
        self._failed = failed
        self._servers: set[bytes] = set()
        self._is_accepted = False
        self._forget: Callable[[], object] = lambda: None

    def accepted(self) -> None:
        """The goal has a server."""
        self._servers = self._servers_now()
        self._is_accepted = True
        action, key = action_of(self._goal.client), bytes(self._goal.goal_id.uuid)
        if action is None or action.results is None or action.cancels is None:
            return
        results, cancels = action.results.unknown_answers, action.cancels.unknown_answers
        results[key], cancels[key] = UnknownAnswers(self._are_all), UnknownAnswers(self._are_all)
        self._forget = lambda: (results.pop(key, None), cancels.pop(key, None))

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._forget()

    def callback(self) -> None:
        """The graph has changed."""
        goal = self._goal
        try:
            before, self._servers = self._servers, self._servers_now()
            any_left = self._count(self._servers) > 0
        except (InvalidHandle, RCLError):
            return  # gone() is on its way
        if not any_left:
            what = f"The server of action '{action_name_of(goal.client)}' went away with the goal"
            self._failed(lambda: GoalLostError(what, goal.status))
        elif self._is_accepted and before - self._servers:
            ask_again(goal.client, goal.goal_id)  # one is gone that may have been its server

    def _servers_now(self) -> set[bytes]:
        topic = f"{self._action_name()}/_action/status"
        found = self._served_node.node.get_publishers_info_by_topic(topic)
        return {bytes(each.endpoint_gid) for each in found}

    def _count(self, found: set[bytes]) -> int:
        """Count the servers that were found now, by whichever of their parts more are there.

        The parts of one come and go one by one, and whether all of them are ready cannot be told
        while those of another one do.
        """
        service = f"{self._action_name()}/_action/get_result"
        return max(len(found), self._served_node.node.count_services(service))

    def _are_all(self, count: int) -> bool:
        """Tell whether there are no more servers, nor were when the graph was looked at last.

        Whoever has answered may be gone since then, and is not to be taken for another one.
        """
        try:
            return count >= max(len(self._servers), self._count(self._servers_now()))
        except (InvalidHandle, RCLError):
            return False  # gone() is on its way

    def _action_name(self) -> str:
        client = self._goal.client
        with client:
            return _core.action_client_name(client_handle_of(client).pointer)

    def gone(self, reason: str) -> None:
        super().gone(reason)
        on_loop(self._loop, self._failed, lambda: EntityGoneError(reason))
