# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""One executor, as its nodes see it, and whoever waits for something of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiorcl._loop.shutdown_state import ShutdownState
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.naming import described, name_of

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._loop.run import Run
    from aiorcl._serving.followers import Follower, Followers
    from aiorcl._serving.node import ServedNode
    from aiorcl._serving.watcher import Watcher
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines


@dataclass(frozen=True, slots=True)
class BrokenEntity:
    """An entity that cannot be watched, or not let go; named in messages by its label."""

    label: str
    node: Node


@dataclass(frozen=True, eq=False)
class Serving:
    """What each node of one executor is given.

    :param watcher: watches entities.
    :param followers: are told when something is gone; they enter themselves by ``follow``.
    :param nodes: returns the nodes that are on the executor. Any thread.
    :param has: tells whether a node is on the executor. Any thread.
    :param look: watches what is new of a node and lets go of what is gone, now.
    :param look_again: has the loop's thread look, soon, or the next run. Any thread.
    :param look_after: the same, in so many seconds. On the loop's thread.
    :param node_changed: does the first where this thread may, else the second. Any thread.
    :param entity_destroyed: lets go of one entity, of which no callback begins after that. Any
        thread.
    :param wanted_elsewhere: lets go of a node, unless it is on the executor. Any thread.
    :param report: takes what an entity of a node has raised that cannot be watched or let go.
    """

    state: ShutdownState
    watcher: Watcher
    followers: Followers
    run: Run
    mailbox: Mailbox
    owned: OwnedCoroutines
    nodes: Callable[[], list[Node]]
    has: Callable[[Node], bool]
    look: Callable[[Node], None]
    look_again: Callable[[Node], None]
    look_after: Callable[[Node, float], None]
    node_changed: Callable[[Node], None]
    entity_destroyed: Callable[[Any], None]
    wanted_elsewhere: Callable[[ServedNode], None]
    report: Callable[[BrokenEntity, BaseException], None]

    def follow(self, follower: Follower, entity: Any, node: Node) -> None:
        """Tell ``follower`` when ``entity``, of ``node``, is gone; now, if it is.

        :param entity: or the node itself.
        """
        self.followers.add(follower, entity, node)
        # After that: what went meanwhile has told those who were there.
        reason = self._why_gone(entity, node, follower.outlives_shutdown)
        if reason is not None:
            self.followers.tell(follower, reason)

    def _why_gone(self, entity: Any, node: Node, outlives_shutdown: bool) -> str | None:
        state = self.state
        if state.nobody_is_answered() or state.let_go or not outlives_shutdown:
            reason = state.why()
            if reason is not None:
                return reason
        if not self.has(node):
            how = "destroyed" if is_destroyed(node) else "removed from its executor"
            return f"The node '{name_of(node)}' was {how}"
        return f"{described(entity)} was destroyed" if is_destroyed(entity) else None

    def check_goes_on(self) -> None:
        """Raise EntityGoneError if nothing is served any more."""
        reason = self.state.why()
        if reason is not None:
            raise EntityGoneError(reason)

    def check_answers(self) -> None:
        """Raise EntityGoneError if no request gets an answer any more.

        While an executor ends those of its coroutines do.
        """
        if self.state.nobody_is_answered():
            raise EntityGoneError(self.state.why() or "")
