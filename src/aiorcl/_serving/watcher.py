# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The executor, as whatever watches an entity for it needs it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from aiorcl import _core
from aiorcl._rclpy.private import names, set_executor
from aiorcl._serving.groups import Groups

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.node import Node
    from rclpy.task import Future

    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._tasks.workers import Workers


class Watcher:
    """One executor, as whatever watches an entity for it needs it: its parts, and its futures.

    :ivar groups: the callback groups, whose places callbacks need.
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
        self.dispatcher: _core.Dispatcher = dispatcher
        self.guard_threads = guard_threads
        self.workers = workers
        self.mailbox = mailbox
        self.context = context
        self._executor = executor
        self._requests: weakref.WeakValueDictionary[str, _core.Requests]
        self._requests = weakref.WeakValueDictionary()
        self.groups = Groups(dispatcher, workers, executor, strict=strict)

    def requests_to(self, service_name: str) -> _core.Requests:
        """Return the requests of all clients of a service."""
        found = self._requests.get(service_name)
        return self._requests.setdefault(service_name, _core.Requests()) if found is None else found

    def bind(self, future: Future[Any]) -> None:
        """Let the done callbacks of a future run on this executor."""
        executor = self._executor()
        if executor is not None:
            set_executor(future, executor)

    def is_executor_of(self, node: Node) -> bool:
        """Tell whether a node says that this executor is its own."""
        return names(node, self._executor)
