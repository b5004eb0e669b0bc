# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What an entity costs that comes or goes: as much work, however many others there are.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.telling import subscription_that_tells
from tests.support.waitables import Inbox
from tests.support.work import calls_of

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

    #: Makes an entity, and returns what destroys it.
    Make = Callable[[Node], Callable[[], object]]

FEW, MANY = 3, 30


def timer(node: Node) -> Callable[[], object]:
    """A timer."""
    made = node.create_timer(1000.0, lambda: None)
    return lambda: node.destroy_timer(made)


def subscription(node: Node) -> Callable[[], object]:
    """A subscription with its event handlers."""
    made = node.create_subscription(Int64, "topic", lambda message: None, 10)
    return lambda: node.destroy_subscription(made)


def subscription_by_itself(node: Node) -> Callable[[], object]:
    """A subscription of whose end its node knows nothing, and which it goes on to list."""
    made = node.create_subscription(Int64, "topic", lambda message: None, 10)
    return lambda: made.destroy()


def subscription_that_tells_its_node(node: Node) -> Callable[[], object]:
    """A subscription that leaves its node by itself, with its event handlers."""
    made = subscription_that_tells(node, Int64, "topic", lambda message: None, 10)
    return lambda: made.destroy()


def publisher(node: Node) -> Callable[[], object]:
    """A publisher with its event handlers."""
    made = node.create_publisher(Int64, "topic", 10)
    return lambda: node.destroy_publisher(made)


def client(node: Node) -> Callable[[], object]:
    """A client."""
    made = node.create_client(Trigger, "service")
    return lambda: node.destroy_client(made)


def service(node: Node) -> Callable[[], object]:
    """A service."""
    made = node.create_service(Trigger, "service", lambda request, response: response)
    return lambda: node.destroy_service(made)


def guard_condition(node: Node) -> Callable[[], object]:
    """A guard condition."""
    made = node.create_guard_condition(lambda: None)
    return lambda: node.destroy_guard_condition(made)


def action_client(node: Node) -> Callable[[], object]:
    """An action client."""
    made = ActionClient(node, Fibonacci, "action")
    return lambda: made.destroy()


def action_server(node: Node) -> Callable[[], object]:
    """An action server."""
    made = ActionServer(node, Fibonacci, "action", lambda goal: Fibonacci.Result())
    return lambda: made.destroy()


def waitable(node: Node) -> Callable[[], object]:
    """A waitable of the user's."""
    made = Inbox(node)

    def destroy() -> None:
        node.remove_waitable(made)
        made.entity.destroy_when_not_in_use()

    return destroy


MAKES = [
    *(timer, subscription, subscription_by_itself, subscription_that_tells_its_node, publisher),
    *(client, service, guard_condition, action_client, action_server, waitable),
]


def come_and_go(make: Make, node: Node) -> None:
    """Make an entity, and destroy it."""
    make(node)()


@pytest.fixture
def grow(make_node: MakeNode) -> Any:
    """Let an executor have more and more, some on the first of its nodes, some on many others."""
    nodes: list[Node] = []
    entities: list[Callable[[], object]] = []

    def grow(executor: AsyncioExecutor, make: Make, number: int) -> Node:
        while len(entities) < number:
            nodes.append(make_node())
            executor.add_node(nodes[-1])
            entities.append(make(nodes[-1]))
            entities.append(make(nodes[0]))
        return nodes[0]

    yield grow
    for destroy in entities:
        destroy()


@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.__name__)
def test_an_entity_comes_and_goes(run: Run, context: Context, grow: Any, make: Make) -> None:
    """As many calls are made beside many others as beside few, while the executor runs."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            calls = []
            for number in (FEW, MANY):
                node = grow(executor, make, number)
                come_and_go(make, node)  # after the others, which the executor has seen then
                calls.append(calls_of(partial(come_and_go, make, node)))
            assert calls[0] == calls[1]

    run(main)


def test_it_comes_and_goes_while_nothing_runs(
    context: Context, grow: Any, make_node: MakeNode
) -> None:
    """As it does in programs that spin now and then; also with a node that comes and goes."""
    with AsyncioExecutor(context=context) as executor:
        calls = []
        for number in (FEW, MANY):
            node = grow(executor, timer, number)
            come_and_go(timer, node)
            executor.remove_node(node)
            executor.add_node(node)  # what is asked of a class for the first time costs more
            in_between = calls_of(partial(come_and_go, timer, node))
            removed = calls_of(partial(executor.remove_node, node))  # as rclpy.spin_once does
            calls.append((in_between, removed, calls_of(partial(executor.add_node, node))))
        assert calls[0] == calls[1]


def test_a_run_begins_and_ends(context: Context, grow: Any) -> None:
    """A call of spin_once that finds nothing looks at no entity."""
    with AsyncioExecutor(context=context) as executor:
        calls = []
        for number in (FEW, MANY):
            grow(executor, timer, number)
            for _ in range(5):
                executor.spin_once(timeout_sec=0)
            calls.append(calls_of(partial(executor.spin_once, timeout_sec=0)))
        assert calls[0] == calls[1]


def test_an_entity_goes_beside_streams(run: Run, context: Context, lone: Node) -> None:
    """Who waits for something of others is not asked whether it was for this one."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            streams: list[Any] = []
            calls = []
            for number in (FEW, MANY):
                while len(streams) < number:
                    streams.append(aiorcl.messages(lone, Int64, "topic"))
                    await streams[-1].__aenter__()
                come_and_go(timer, lone)
                calls.append(calls_of(partial(come_and_go, timer, lone)))
            for stream in streams:
                stream.close()
            assert calls[0] == calls[1]
            await asyncio.sleep(0)

    run(main)
