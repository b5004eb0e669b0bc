# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The executor of a component container, which outlives what its nodes raise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiorcl._serving.report import node_of_source
from aiorcl.executor import AsyncioExecutor

if TYPE_CHECKING:
    from rclpy.node import Node


class ComponentExecutor(AsyncioExecutor):
    """Runs nodes, and hands on whose exception it is that leaves a callback or a task.

    :param on_error: as of every executor, with the node first, or None if it is of none.
    """

    def __init__(
        self,
        on_error: Callable[[Node | None, BaseException, str], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(loop=loop)

        def name_node(source: object, error: BaseException, origin: str) -> None:
            on_error(node_of_source(source), error, origin)

        self._errors.on_error_of = name_node

    async def end_node(self, node: Node, timeout_sec: float) -> bool:
        """Run no more callbacks of a node, and wait for what it has under way, which is cancelled.

        Not for the coroutine that calls.

        :return: False if something remains when time is over.
        """
        self.remove_node(node)
        left = self._owned.tasks_of(node) - {asyncio.current_task()}
        if not left:
            return True
        _, pending = await asyncio.wait(left, timeout=timeout_sec)
        return not pending
