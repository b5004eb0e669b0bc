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

    from aiorcl._loop.mailbox import Mailbox, Postable
    from aiorcl._loop.run import Run
    from aiorcl._serving.followers import Follower, Followers
    from aiorcl._serving.node import ServedNode
    from aiorcl._serving.watcher import Watcher
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines
    from aiorcl._tasks.unfetched import Unfetched
    from aiorcl._tasks.workers import Workers


@dataclass(frozen=True, slots=True)
class BrokenEntity:
    """An entity that cannot be watched, or not let go; named in messages by its label."""

    label: str
    node: Node


class Serving:
    """What each node of one executor is given, and whoever waits for something of an entity.

    :param state: whether the executor ends, and why.
    :param followers: are told when something is gone.
    :param mailbox: takes what the loop's thread is to do.
    :param owned: what the executor has started.
    :param unfetched: takes the exceptions of its tasks.
    :ivar run: the thread that runs the executor, if one does.
    :ivar watcher: the executor, as whatever watches an entity for it needs it.
    :ivar workers: its threads, and the calls that wait for what it brings.
    :ivar nodes: returns the nodes that are on the executor. Any thread.
    :ivar has: tells whether a node is on the executor. Any thread.
    :ivar look: watches what is new of a node and lets go of what is gone, now.
    :ivar look_again: has the loop's thread look, soon, or the next run. Any thread.
    :ivar look_after: the same, in so many seconds. On the loop's thread.
    :ivar node_changed: does the first where this thread may, else the second. Any thread.
    :ivar entity_destroyed: lets go of one entity, of which no callback begins after that. Any
        thread.
    :ivar wanted_elsewhere: lets go of a node, unless it is on the executor. Any thread.
    :ivar unfollow: tells somebody nothing who has called ``follow``. Any thread.
    :ivar post_job: has the loop's thread do something of the executor's own. Any thread.
    :ivar report: takes what an entity of a node has raised that cannot be watched or let go.
    """

    def __init__(
        self,
        state: ShutdownState,
        followers: Followers,
        mailbox: Mailbox,
        owned: OwnedCoroutines,
        unfetched: Unfetched,
        run: Run,
        watcher: Watcher,
        workers: Workers,
        *,
        nodes: Callable[[], list[Node]],
        has: Callable[[Node], bool],
        look: Callable[[Node], None],
        look_again: Callable[[Node], None],
        look_after: Callable[[Node, float], None],
        node_changed: Callable[[Node], None],
        entity_destroyed: Callable[[Any], None],
        wanted_elsewhere: Callable[[ServedNode], None],
        report: Callable[[BrokenEntity, BaseException], None],
    ) -> None:
        self._state = state
        self._followers = followers
        # Bound to the part: who keeps one of these must not keep the executor.
        self.unfollow: Callable[[Follower], object] = followers.discard
        self.post_job: Callable[[Callable[[], object]], None] = mailbox.post_job
        self._mailbox = mailbox
        self._owned = owned
        self._unfetched = unfetched
        self.run = run
        self.watcher = watcher
        self.workers = workers
        self.nodes = nodes
        self.has = has
        self.look = look
        self.look_again = look_again
        self.look_after = look_after
        self.node_changed = node_changed
        self.entity_destroyed = entity_destroyed
        self.wanted_elsewhere = wanted_elsewhere
        self.report = report

    def post_task(self, make: Callable[[OwnedCoroutines, Unfetched], Postable]) -> None:
        """Run a task of the user's in its turn. Any thread.

        :param make: makes it; given what runs its coroutine, and what takes its exception.
        """
        self._mailbox.post_task(make(self._owned, self._unfetched))

    def follow(self, follower: Follower, entity: Any, node: Node) -> None:
        """Tell ``follower`` when ``entity``, of ``node``, is gone; now, if it is.

        :param entity: or the node itself.
        """
        self._followers.add(follower, entity, node)
        # After that: what went meanwhile has told those who were there.
        reason = self._why_gone(entity, node, follower.outlives_shutdown)
        if reason is not None:
            self._followers.tell(follower, reason)

    def gone(self, key: int, reason: str) -> None:
        """Tell who follows an entity, by its id, that it is not served any more."""
        self._followers.gone(key, reason)

    def _why_gone(self, entity: Any, node: Node, outlives_shutdown: bool) -> str | None:
        state = self._state
        if state.nobody_is_answered() or state.let_go or not outlives_shutdown:
            reason = state.why()
            if reason is not None:
                return reason
        if not self.has(node):
            how = "destroyed" if is_destroyed(node) else "removed from its executor"
            return f"The node '{name_of(node)}' was {how}"
        return f"{described(entity)} was destroyed" if is_destroyed(entity) else None

    def context_ends(self) -> bool:
        """True if the executor ends because its context does."""
        return self._state.context_ends()

    def ends(self) -> bool:
        """True from when the executor is shut down. Any thread."""
        return self._state.shut_down

    def check_goes_on(self) -> None:
        """Raise EntityGoneError if nothing is served any more."""
        reason = self._state.why()
        if reason is not None:
            raise EntityGoneError(reason)

    def check_answers(self) -> None:
        """Raise EntityGoneError if no request gets an answer any more, not even in a cleanup."""
        if self._state.nobody_is_answered():
            raise EntityGoneError(self._state.why() or "")
