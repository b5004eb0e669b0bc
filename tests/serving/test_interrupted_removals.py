# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What ends the program comes while a node is let go: nothing of the node is left behind.

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError
from aiorcl._serving.registry import served
from tests.support.instructions import interrupted
from tests.support.turns import turns
from tests.support.waitables import DrivenInbox

if TYPE_CHECKING:
    from tests.support.makers import Run


def entities_of(node: Node) -> list[Any]:
    """Make some of each kind, and return all that the node has."""
    node.create_timer(1000.0, lambda: None)
    node.create_subscription(Int64, "topic", lambda _: None, 10)
    node.create_client(Trigger, "service")
    node.create_service(Trigger, "service", lambda _, response: response)
    kinds: list[Any] = [node.timers, node.subscriptions, node.publishers, node.waitables]
    return [entity for kind in (*kinds, node.clients, node.services) for entity in kind]


@pytest.mark.usefixtures("no_collector")  # which would swallow what comes while it finalizes
@pytest.mark.parametrize("in_run", [True, False], ids=["in a run", "while nothing runs"])
def test_an_interrupt_at_any_point(context: Context, lone: Node, in_run: bool) -> None:
    """The executor lets go of the rest when it runs on; another one may have all of it."""
    entities = entities_of(lone)
    with AsyncioExecutor(context=context) as executor, AsyncioExecutor(context=context) as other:

        def remove(point: int) -> None:
            with interrupted("_serving", point):
                executor.remove_node(lone)
                executor.remove_node(lone)  # or it would be kept, while nothing runs

        for point in itertools.count():
            executor.add_node(lone)
            reached = False
            try:
                if in_run:
                    executor.spin_until_future_complete(executor.create_task(remove, point))
                else:
                    remove(point)
            except KeyboardInterrupt:
                reached = True
            executor.spin_once(timeout_sec=0)
            if executor.get_nodes() == []:  # else the interrupt was faster
                assert [entity for entity in entities if served(entity)] == [], point
            other.add_node(lone)
            assert [entity for entity in entities if not served(entity)] == [], point
            if not reached:
                break
        assert point > 50


class Raises(DrivenInbox):
    """A waitable that raises when it is let go."""

    def __init__(self, node: Node, error: BaseException) -> None:
        self.at_end = error
        super().__init__(node)

    def clear_on_ready_callback(self) -> None:
        """Raise."""
        raise self.at_end


@pytest.mark.parametrize("error", [asyncio.CancelledError("by a waitable"), SystemExit(3)])
def test_a_waitable_raises_what_is_no_error(
    run: Run, context: Context, lone: Node, error: BaseException
) -> None:
    """All others are let go, who waits is told, coroutines are cancelled; then it is raised.

    But nobody is cancelled by what a waitable says.
    """
    told: list[BaseException] = []
    ended: list[str] = []

    async def callback(_: Int64) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("callback")

    async def wait() -> None:
        with pytest.raises(EntityGoneError):
            await aiorcl.next_message(lone, Int64, "other_topic")
        ended.append("wait")

    async def main() -> None:
        for _ in range(2):
            Raises(lone, error)
        lone.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
        entities = entities_of(lone)
        async with AsyncioExecutor(
            context=context, on_error=lambda error, _: told.append(error)
        ) as executor:
            executor.add_node(lone)
            lone.create_publisher(Int64, "topic", 10).publish(Int64())
            waiting = asyncio.create_task(wait())
            await turns()
            if isinstance(error, SystemExit):
                with pytest.raises(SystemExit):
                    executor.remove_node(lone)
            else:
                executor.remove_node(lone)
            assert [entity for entity in entities if served(entity)] == []
            await waiting
            await turns()
            assert sorted(ended) == ["callback", "wait"]

    run(main)
    assert told == ([] if isinstance(error, SystemExit) else [error] * 2)
