# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What an execute callback raises beyond exceptions ends the run, and says whose it is.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.context import Context
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.goals import AT_ONCE

if TYPE_CHECKING:
    from rclpy.node import Node

    from tests.support.makers import MakeNode, Run


def leave(_: Any) -> Fibonacci.Result:
    """Want the program to end."""
    raise SystemExit(3)


async def leave_async(_: Any) -> Fibonacci.Result:
    """Want the program to end, in a coroutine."""
    raise SystemExit(3)


def serve(node: Node, kind: str) -> object:
    """Offer the action by a callback of this kind."""
    if kind == "served":
        return aiorcl.serve_action(node, Fibonacci, "action", leave_async)
    callback: Any = leave_async if kind == "coroutine" else leave
    group = ThreadCallbackGroup(1) if kind == "worker" else None
    return ActionServer(node, Fibonacci, "action", callback, callback_group=group)


@pytest.mark.parametrize("kind", ["function", "worker", "coroutine", "served"])
def test_the_action_is_named(run: Run, context: Context, make_node: MakeNode, kind: str) -> None:
    """As with other exceptions, and once."""
    node = make_node()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            server = serve(node, kind)
            async with aiorcl.goal(ActionClient(node, Fibonacci, "action"), AT_ONCE) as running:
                await running.result()
            assert server

    with pytest.raises(SystemExit) as caught:
        run(main)
    name = node.get_fully_qualified_name()
    (note,) = caught.value.__notes__
    assert note == f"In the execute callback of action server '/action' of node '{name}'"
