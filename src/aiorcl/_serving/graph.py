# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of the graph: nodes, topics, services and actions that come and go, anywhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl import _core
from aiorcl._loop.waiters import wake
from aiorcl._serving.followers import EntityGoneError, Follower, on_loop

if TYPE_CHECKING:
    from aiorcl._serving.node import ServedNode


class _Handle:
    """The guard condition of the graph that a node has, in use together with the node.

    Below, in the middleware, a context has one.
    """

    def __init__(self, node: Any) -> None:
        self._node = node.handle

    @property
    def pointer(self) -> int:
        return _core.graph_guard(self._node.pointer)

    def __enter__(self) -> None:
        self._node.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._node.__exit__(*error)


class GraphChanges(Follower):
    """Tells one task of changes of the graph, between ``with`` and its end.

    Every change after ``with`` is noticed, also while the task does not wait; several may come as
    one. On the loop's thread.

    :param entity: with which the waiting ends, beside the node.
    """

    outlives_shutdown = True

    def __init__(self, served_node: ServedNode, entity: object | None = None) -> None:
        self._serving = served_node.serving
        self._node = served_node.node
        self._followed = served_node.node if entity is None else entity
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._changed = False
        self._reason: str | None = None

    def __enter__(self) -> GraphChanges:
        watcher = self._serving.watcher
        try:
            self.handle = _Handle(self._node)
            self._entity = _core.GuardCondition(
                watcher.dispatcher, self, None, "graph", watcher.guard_threads
            )
            self._entity.outlive_context()
        except InvalidHandle:
            raise EntityGoneError("The node was destroyed") from None
        self._serving.follow(self, self._followed, self._node)
        return self

    def __exit__(self, *error: object) -> None:
        self._serving.unfollow(self)
        self._entity.close()

    def callback(self) -> None:
        """The graph has changed; the dispatcher calls this."""
        self._changed = True
        self._wake()

    def gone(self, reason: str) -> None:
        self._reason = reason
        self._entity.close()  # here: or the middleware would keep the node until the task has run
        on_loop(self._loop, self._wake)

    async def next(self, timeout: float | None) -> bool:
        """Return True at a change, also of before this call, and False after ``timeout`` seconds.

        :raises EntityGoneError: if what is followed is gone.
        """
        if not self._has_news():
            waiter = self._waiter = self._loop.create_future()
            timer = None if timeout is None else self._loop.call_later(timeout, self._wake)
            try:
                if not self._has_news():  # since it could be woken
                    await waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        if self._reason is not None:
            raise EntityGoneError(self._reason)
        changed, self._changed = self._changed, False
        return changed

    def _has_news(self) -> bool:
        return self._changed or self._reason is not None

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            wake(waiter)
