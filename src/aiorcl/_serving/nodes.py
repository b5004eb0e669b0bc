# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes of one executor and what is watched of them."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl import _core
from aiorcl._serving.followers import Followers
from aiorcl._serving.node import NodeEntities

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl.executor import AsyncioExecutor


class WatchedNodes:
    """Keeps what is watched equal to what the nodes of the executor have.

    On the loop's thread, or on any thread while the executor does not run.
    """

    def __init__(self, executor: AsyncioExecutor) -> None:
        self._executor = executor
        self._nodes: dict[Node, NodeEntities] = {}
        self._lock = threading.RLock()
        self._looking = False  # guarded by _lock
        self.changed = False  # since the last look
        self.groups: weakref.WeakKeyDictionary[Any, _core.Group] = weakref.WeakKeyDictionary()
        self.followers = Followers()

    def look(self) -> bool:
        """Watch what is new, let go of what is gone; skip what another thread does already.

        Never blocks: rclpy destroys entities under the lock of the context. Returns False.
        """
        self.changed = True
        while self.changed and self._lock.acquire(blocking=False):
            try:
                if (
                    self._looking
                ):  # a callback of rclpy came back here; the outer call looks once more
                    return False
                self._looking = True
                try:
                    self.changed = False
                    self._look_once()
                finally:
                    self._looking = False
            finally:
                self._lock.release()
        return False

    def _look_once(self) -> None:
        executor = self._executor
        if executor._is_shutdown:
            return
        wanted = executor.get_nodes()
        for node in wanted:
            if _is_destroyed(node):
                executor._forget_node(node)
                continue
            entities = self._nodes.get(node)
            if entities is None:
                entities = self._nodes[node] = NodeEntities(executor, node)
            entities.synchronise()
        for node in self._nodes.keys() - set(executor.get_nodes()):
            entities = self._nodes.pop(node)
            entities.close()
            destroyed = _is_destroyed(node)
            executor._work.cancel_tasks_of(node, destroyed=destroyed)
            if destroyed or executor._turns.thread is not None:  # as for tasks
                what = "destroyed" if destroyed else "removed from its executor"
                self.followers.gone(id(node), f"The node '{entities.name}' was {what}")

    def entity_destroyed(self, entities: NodeEntities, entity: Any) -> bool:
        """Let go of an entity that was destroyed directly, not by its node. Returns False."""
        if not self._lock.acquire(blocking=False):  # rclpy may hold the lock of the context here
            self._executor._work.post(lambda: self.entity_destroyed(entities, entity))
            return False
        try:
            entities.let_go(entity)
        finally:
            self._lock.release()
        return False

    def entities(self) -> list[NodeEntities]:
        """Return what is watched now, of each node. Any thread."""
        return list(self._nodes.values())

    def let_go(self, *, keep_clients: bool = False) -> None:
        """Watch nothing more; clients yet if coroutines that end may await their answers."""
        with self._lock:
            for entities in self._nodes.values():
                entities.close(keep_clients=keep_clients)
            if not keep_clients:
                self._nodes.clear()
        self.followers.shut_down("The executor was shut down", finally_=not keep_clients)


def _is_destroyed(node: Node) -> bool:
    try:
        with node.handle:
            return False
    except InvalidHandle:
        return True
