# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What it takes to watch an entity, and the groups whose places its callbacks need."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup

from aiorcl import _core
from aiorcl._rclpy.private import set_executor
from aiorcl._tasks.groups import LimitedCallbackGroup, ThreadCallbackGroup

if TYPE_CHECKING:
    from rclpy.callback_groups import CallbackGroup
    from rclpy.context import Context
    from rclpy.node import Node
    from rclpy.task import Future

    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._tasks.workers import Workers


class Watcher:
    """What an executor hands to whatever watches an entity for it.

    :ivar bind: makes the executor the one that runs the done callbacks of a future.
    """

    def __init__(
        self,
        dispatcher: _core.Dispatcher,
        guard_threads: _core.GuardThreads,
        workers: Workers,
        mailbox: Mailbox,
        context: Context,
        executor: weakref.ref[Any],
        *,
        strict: bool,
    ) -> None:
        self.dispatcher = dispatcher
        self.guard_threads = guard_threads
        self.workers = workers
        self.mailbox = mailbox
        self.context = context
        self._executor = executor
        self._strict = strict
        # Entities hold what grants their places, which holds the user's own group: no cycle.
        self._groups: weakref.WeakKeyDictionary[CallbackGroup, weakref.ref[_core.Group]]
        self._groups = weakref.WeakKeyDictionary()

    def bind(self, future: Future[Any]) -> None:
        """Let the done callbacks of a future run on this executor."""
        executor = self._executor()
        if executor is not None:
            set_executor(future, executor)

    def is_executor_of(self, node: Node) -> bool:
        """Tell whether a node says that this executor is its own."""
        return node.executor is self._executor()

    def group_of(self, node: Node, entity: Any) -> _core.Group | None:
        """Return who grants places to the callbacks of an entity, or None for unlimited places."""
        group = getattr(entity, "callback_group", None)  # a publisher has none
        if group is None or type(group) is ReentrantCallbackGroup:
            return None
        if group is node.default_callback_group and not self._strict:
            return _core.Group(self.dispatcher, 1)  # each entity with itself only
        known = self._groups.get(group)
        shared = None if known is None else known()
        if shared is None:
            shared = self._make_group(group)
            self._groups[group] = weakref.ref(shared)
        return shared

    def _make_group(self, group: CallbackGroup) -> _core.Group:
        """Return what grants the places of a group whose entities share them."""
        if type(group) is MutuallyExclusiveCallbackGroup:
            return _core.Group(self.dispatcher, 1)
        if isinstance(group, ThreadCallbackGroup):
            return self.workers.group_of(group)
        if type(group) is LimitedCallbackGroup:
            return _core.Group(self.dispatcher, group.limit)
        return _core.Group(self.dispatcher, group)  # of the user's own: it decides
