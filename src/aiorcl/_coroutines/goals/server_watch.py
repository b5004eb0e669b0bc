# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Notices that the server of a goal goes away, or that another one has taken its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._coroutines.goals.errors import GoalLostError
from aiorcl._rclpy.private import action_name_of
from aiorcl._serving.followers import EntityGoneError, on_loop
from aiorcl._serving.graph import GraphChanges

if TYPE_CHECKING:
    from aiorcl._coroutines.goals.client import RunningGoal
    from aiorcl._serving.node import ServedNode


class ServerWatch(GraphChanges):
    """Notices when the server, the client or the executor goes away.

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
        self._servers: set[bytes] | None = None
        self._others_came: Callable[[], object] = lambda: None

    def accepted(self, topic: str, others_came: Callable[[], object]) -> None:
        """The goal has a server.

        :param topic: of the action, which each server of it publishes.
        :param others_came: is called when the servers are others than now: the one of the goal may
            be none of them, if a new one has the same name.
        """
        self._topic, self._others_came = topic, others_came
        self._servers = self._servers_now()

    def callback(self) -> None:
        """The graph has changed."""
        goal = self._goal
        try:
            if goal.client.server_is_ready():
                self._look_for_others()
                return
        except InvalidHandle:
            return  # gone() is on its way
        what = f"The server of action '{action_name_of(goal.client)}' went away with the goal"
        self._failed(lambda: GoalLostError(what, goal.status))

    def _look_for_others(self) -> None:
        if self._servers is None:
            return
        before, self._servers = self._servers, self._servers_now()
        if self._servers != before:
            self._others_came()

    def _servers_now(self) -> set[bytes]:
        found = self._served_node.node.get_publishers_info_by_topic(self._topic)
        return {bytes(each.endpoint_gid) for each in found}

    def gone(self, reason: str) -> None:
        super().gone(reason)
        on_loop(self._loop, self._failed, lambda: EntityGoneError(reason))
