# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes of one executor and what is watched of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._loop.mailbox import Once
from aiorcl._serving import registry
from aiorcl._serving.node import ServedNode
from aiorcl._serving.serving import Serving

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._loop.ends import Ends
    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._loop.run import Run
    from aiorcl._serving.followers import Followers
    from aiorcl._serving.watcher import Watcher
    from aiorcl._tasks.owned import Owned


class Nodes:
    """Keeps what is watched equal to what the nodes of the executor have.

    On the loop's thread, or on any thread while the executor does not run.

    :param get_nodes: returns the nodes that the user has added.
    :param forget: takes a node that was destroyed from them.
    """

    def __init__(
        self,
        get_nodes: Callable[[], list[Node]],
        forget: Callable[[Node], None],
        ends: Ends,
        watcher: Watcher,
        followers: Followers,
        run: Run,
        mailbox: Mailbox,
        owned: Owned,
    ) -> None:
        self._get_nodes = get_nodes
        self._forget = forget
        self._ends = ends
        self._followers = followers
        self._run = run
        self._mailbox = mailbox
        self._owned = owned
        self._served: dict[Node, ServedNode] = {}
        self._lock = threading.RLock()
        self._looking = False  # guarded by _lock
        self._ended = False
        self.changed = False  # since the last look
        self._look_later = Once(mailbox, self.look)
        self._serving = Serving(
            *(ends, watcher, followers, run, mailbox, owned),
            has=lambda node: node in get_nodes(),
            look=self.look,
            look_again=self._look_later.post,
            entity_destroyed=self.entity_destroyed,
        )

    def wake(self) -> None:
        """Look now where this thread may, else soon. Any thread; never blocks."""
        if self._run.is_here():
            self.look()
        else:
            self.changed = True
            self._look_later.post()

    def look_if_changed(self) -> None:
        """Look if anything may have changed since the last time."""
        if self.changed:
            self.look()

    def look(self) -> None:
        """Watch what is new, let go of what is gone; skip what another thread does already.

        Never blocks: rclpy destroys entities under the lock of the context.
        """
        self.changed = True
        while self.changed and self._lock.acquire(blocking=False):
            try:
                if self._looking:  # by a callback of rclpy; the outer call looks once more
                    return
                self._looking = True
                try:
                    self.changed = False
                    self._look_once()
                finally:
                    self._looking = False
            finally:
                self._lock.release()

    def _look_once(self) -> None:
        if self._ended:
            return
        for node in self._get_nodes():
            if _is_destroyed(node):
                self._forget(node)
                continue
            served = self._served.get(node)
            if served is None:
                served = self._served[node] = ServedNode(node, self._serving)
            served.synchronise()
        for node in self._served.keys() - set(self._get_nodes()):
            self._remove(node, self._served.pop(node))

    def _remove(self, node: Node, served: ServedNode) -> None:
        served.close()
        destroyed = _is_destroyed(node)
        # rclpy.spin_once adds and removes the node around each call, so only a running executor
        # ends what a node that still exists has under way.
        if destroyed or self._run.thread is not None:
            self._owned.cancel_those_of(node)
            what = "destroyed" if destroyed else "removed from its executor"
            self._followers.gone(id(node), f"The node '{served.name}' was {what}")

    def entity_destroyed(self, entity: Any) -> None:
        """Let go of an entity that was destroyed directly, not by its node. Any thread."""
        # rclpy may hold the lock of the context here, so nothing is waited for.
        if self._run.is_here() and self._lock.acquire(blocking=False):
            try:
                found = registry.served(entity)
                if found is not None:
                    found.node.let_go(entity)
            finally:
                self._lock.release()
        else:
            self._mailbox.order(lambda: self.entity_destroyed(entity))

    def served(self) -> list[ServedNode]:
        """Return what is watched now, of each node. Any thread."""
        return list(self._served.values())

    def let_go(self, *, keep_clients: bool = False) -> None:
        """Watch nothing more; clients yet if coroutines that end may await their answers."""
        self._ended = True
        with self._lock:
            for served in self._served.values():
                served.close(keep_clients=keep_clients)
            if not keep_clients:
                self._served.clear()
        reason = self._ends.why()
        assert reason is not None  # it has begun to end
        self._followers.shut_down(reason, finally_=not keep_clients)


def _is_destroyed(node: Node) -> bool:
    try:
        with node.handle:
            return False
    except InvalidHandle:
        return True
