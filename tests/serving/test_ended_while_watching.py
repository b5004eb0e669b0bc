# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A signal handler, or a finalizer, shuts the executor down while it begins to watch a node.

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.context import Context
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor
from aiorcl._serving.registry import served
from tests.support.instructions import Between, traced

if TYPE_CHECKING:
    from rclpy.node import Node

    from tests.support.makers import MakeNode


def entities_of(make_node: MakeNode) -> tuple[Node, list[Any]]:
    """Return a node with entities of each kind, and all but the client and the publisher."""
    node = make_node(enable_rosout=False)
    node.create_client(Trigger, "service")
    node.create_publisher(Int64, "topic", 10)
    return node, [
        *(node.create_timer(1.0, lambda: None) for _ in range(2)),
        node.create_subscription(Int64, "topic", lambda _: None, 10),
        node.create_guard_condition(lambda: None),
        node.create_service(Trigger, "service", lambda _, response: response),
        *node.waitables,
    ]


def add_and_shut_down_at(line: int, executor: AsyncioExecutor, node: Node) -> bool:
    """Add a node, and shut down before a line of that; False if there is no such line."""
    returned: list[bool] = []
    shut_down: Callable[[], object] = lambda: returned.append(executor.shutdown())  # noqa: E731
    with traced(Between("_serving", line, shut_down, lines=True)):
        executor.add_node(node)
    assert all(returned)
    return bool(returned)


def lines(shut_down_at: Callable[[int], bool], node: Node) -> None:
    """Go through all lines."""
    for line in itertools.count():
        reached = shut_down_at(line)
        node.executor = None  # type: ignore[assignment]
        if not reached:
            assert line > 100
            break


def test_before_any_line_while_nothing_runs(context: Context, make_node: MakeNode) -> None:
    """When it has returned nothing is served."""
    node, entities = entities_of(make_node)

    def shut_down_at(line: int) -> bool:
        with AsyncioExecutor(context=context) as executor:
            reached = add_and_shut_down_at(line, executor, node)
            if reached:
                all_of_it = (*entities, *node.clients, *node.publishers)
                assert [each for each in all_of_it if served(each)] == []
        return reached

    lines(shut_down_at, node)


def test_before_any_line_in_the_block(context: Context, make_node: MakeNode) -> None:
    """Nor there; but clients and publishers are, until the block ends, for what cleans up."""
    node, entities = entities_of(make_node)

    async def in_block(line: int) -> bool:
        async with AsyncioExecutor(context=context) as executor:
            reached = add_and_shut_down_at(line, executor, node)
            if reached:
                assert [each for each in entities if served(each)] == []
        return reached

    with asyncio.Runner() as runner:
        lines(lambda line: runner.run(in_block(line)), node)
