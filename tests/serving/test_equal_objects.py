# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Objects of users that are equal to others, or cannot be hashed: each is itself only.

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
import rclpy.node
from rclpy.action.client import ActionClient
from rclpy.client import Client
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.node import Node
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioClock, AsyncioExecutor
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.weak_methods import WeakMethods
from tests.support.waitables import Inbox

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run


class Equal:
    """Equal to all others of its kind, with the same hash."""

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal)


class Unhashable:
    """Equal to itself, as a dataclass is."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


# Callback groups of rclpy keep entities in a set, so those can be hashed.
ODD = pytest.mark.parametrize("odd", [Equal, Unhashable])


def with_odd(odd: type, cls: type) -> Any:
    """Make a class of a user's from one of rclpy's."""
    return type("Odd", (odd, cls), {})


@ODD
def test_nodes(context: Context, make_node: MakeNode, odd: type) -> None:
    """Each comes, is served, and goes by itself."""
    ticks = [0, 0]

    def tick(number: int) -> None:
        ticks[number] += 1

    with AsyncioExecutor(context=context) as executor:
        nodes = [make_node(with_odd(odd, Node)) for _ in ticks]
        for number, node in enumerate(nodes):
            node.create_timer(0.001, lambda number=number: tick(number))
            assert executor.add_node(node)
            assert not executor.add_node(node)
        while not all(ticks):
            executor.spin_once(timeout_sec=10)
        assert {entity.node for entity in executor.stats().entities if entity.kind == "timer"} == {
            node.get_fully_qualified_name() for node in nodes
        }
        executor.remove_node(nodes[0])
        assert executor.get_nodes()[0] is nodes[1]
        assert len(executor.get_nodes()) == 1


def test_waitables(context: Context, lone: Node) -> None:
    """Each is executed."""
    with AsyncioExecutor(context=context) as executor:
        inboxes = [with_odd(Equal, Inbox)(lone) for _ in range(2)]
        executor.add_node(lone)
        for inbox in inboxes:
            inbox.put(1)
        while not all(inbox.executed for inbox in inboxes):
            executor.spin_once(timeout_sec=10)
        executor.remove_node(lone)


def test_clients(run: Run, context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a window of its own, and what blocks on it is told of."""
    monkeypatch.setattr(rclpy.node, "Client", with_odd(Equal, Client))
    clients = [lone.create_client(Trigger, "service") for _ in range(2)]
    lone.create_service(Trigger, "service", lambda request, response: response)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            asyncio.get_running_loop().slow_callback_duration = 0
            for client in clients:
                await aiorcl.call(client, Trigger.Request())
                with pytest.warns(aiorcl.BlockedLoopWarning):
                    client.wait_for_service(0.01)

    run(main)


def test_action_clients(run: Run, context: Context, lone: Node) -> None:
    """A goal is cancelled by its own client."""

    async def execute(goal: Any) -> Any:
        await asyncio.Event().wait()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            server = aiorcl.serve_action(lone, Fibonacci, "action", execute)
            clients = [with_odd(Equal, ActionClient)(lone, Fibonacci, "action") for _ in range(2)]
            for client in clients:
                await aiorcl.action_ready(client)
                async with aiorcl.goal(client, Fibonacci.Goal()):
                    pass
            for action in (server, *clients):
                action.destroy()

    run(main)


@ODD
def test_clocks(run: Run, odd: type) -> None:
    """A sleep on one is not one on the other."""
    clocks = [with_odd(odd, Clock)(clock_type=ClockType.STEADY_TIME) for _ in range(2)]

    async def main() -> None:
        long, short = (AsyncioClock(clock) for clock in clocks)
        sleeping = asyncio.ensure_future(long.sleep_for_async(Duration(seconds=60)))
        await short.sleep_for_async(Duration(nanoseconds=1000))
        assert not sleeping.done()
        sleeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sleeping

    run(main)


@ODD
def test_executors(context: Context, make_node: MakeNode, odd: type) -> None:
    """Each serves its own nodes."""
    cls: Any = with_odd(odd, AsyncioExecutor)
    with cls(context=context) as one, cls(context=context) as other:
        for executor in (one, other):
            node = make_node()
            executor.add_node(node)
            node.create_service(Trigger, "service", lambda request, response: response)
            future = node.create_client(Trigger, "service").call_async(Trigger.Request())
            executor.spin_until_future_complete(future, 10)
            assert future.done()
            executor.remove_node(node)
            assert executor.get_nodes() == []


@ODD
def test_methods_that_go_with_their_objects(odd: type) -> None:
    """Of each object that is still there."""
    called: list[int] = []

    class Called(odd):  # type: ignore[misc]
        def __init__(self, number: int) -> None:
            self.number = number

        def call(self) -> None:
            called.append(self.number)

    methods = WeakMethods()
    objects = [Called(number) for number in range(3)]
    for each in objects:
        methods.add(each.call)
    del each, objects[1]
    methods.call_all()
    assert called == [0, 2]


@ODD
def test_what_is_known_of_objects(odd: type) -> None:
    """Each has its own value, until it is collected."""
    known: ByIdentity[Any, int] = ByIdentity()
    objects = [odd() for _ in range(2)]
    for number, each in enumerate(objects):
        known[each] = number
        assert known.setdefault(each, 7) == number
    assert [known[each] for each in objects] == known.values() == [0, 1]
    assert [id(each) for each in known.objects()] == [id(each) for each in objects]
    assert known.pop(objects[0]) == 0
    assert known.get(objects[0]) is None
    assert objects[0] not in known
    del each, objects
    assert len(known) == 0
