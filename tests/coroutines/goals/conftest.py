# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Fixtures of the tests of actions: a node with a server, and one with a client.

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run, RunAction


@pytest.fixture
def run_action(run: Run, context: Context, make_node: MakeNode) -> RunAction:
    """Run a coroutine function while an executor serves both nodes, on each kind of loop."""

    def run_it(test: Callable[..., Coroutine[Any, Any, None]]) -> None:
        async def main() -> None:
            server, asker = make_node(), make_node()
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(server)
                executor.add_node(asker)
                await test(server, ActionClient(asker, Fibonacci, "action"))

        run(main)

    return run_it
