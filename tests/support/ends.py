# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How what a node waits for becomes impossible.

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from rclpy.node import Node

from aiorcl import AsyncioExecutor

#: What goes away: the entity, its node from the graph or from the executor, or all of it.
ENDS = ("destroy", "destroy_node", "remove_node", "executor", "context", "block")

#: Who brings it about: the loop's thread, or another one.
ON_EITHER_THREAD = pytest.mark.parametrize("thread", [False, True], ids=["loop", "thread"])


async def end(
    way: str,
    executor: AsyncioExecutor,
    node: Node,
    entity: Any,
    *,
    block: contextlib.AsyncExitStack,
    thread: bool,
) -> None:
    """Bring it about, on this thread or another; the block of the executor is left on this one.

    A stream may also be closed.
    """
    if way == "block":
        await block.aclose()
        return
    act: Any = {
        "close": getattr(entity, "close", None),
        "destroy": getattr(entity, "destroy", None),
        "destroy_node": node.destroy_node,
        "remove_node": lambda: executor.remove_node(node),
        "executor": lambda: executor.shutdown(timeout_sec=0),
        "context": executor.context.shutdown,
    }[way]
    if thread:
        await asyncio.to_thread(act)
    else:
        act()
