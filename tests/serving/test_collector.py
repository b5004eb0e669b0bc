# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The collector of cycles comes at any moment: what finalizers destroy is in nobody's way.

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from rclpy.waitable import NumberOfEntities, Waitable
from std_msgs.msg import Int64

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._serving.followers import Follower, Followers
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """It comes when the test says so."""
    gc.collect()
    gc.disable()
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.enable()


class Collects(Waitable):  # type: ignore[type-arg]  # not generic at run time on Jazzy
    """Brings the collector where it is watched and where it is let go."""

    def __init__(self) -> None:
        super().__init__(ReentrantCallbackGroup())

    def __enter__(self) -> None:
        gc.collect()

    def __exit__(self, *_: object) -> None:
        gc.collect()

    def set_on_ready_callback(self, callback: Callable[..., Any]) -> None:
        gc.collect()

    def clear_on_ready_callback(self) -> None:
        gc.collect()

    def get_num_entities(self) -> NumberOfEntities:
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set: Any) -> None:
        pass

    def is_ready(self, wait_set: Any) -> bool:
        return False

    def take_data(self) -> Any:
        return None

    async def execute(self, taken_data: Any) -> None:
        pass


class Destroys:
    """Garbage that destroys a subscription of its node."""

    def __init__(self, node: Node) -> None:
        self.subscription = node.create_subscription(Int64, "topic", lambda _: None, 10)
        self.node = node
        self.itself = self

    def __del__(self) -> None:
        self.node.destroy_subscription(self.subscription)


async def a_stream(node: Node) -> None:
    """A stream that nobody holds, but itself."""
    stream = aiorcl.messages(node, Int64, "topic")
    await stream.__aenter__()
    cycle: list[Any] = [stream]
    cycle.append(cycle)


async def of_the_users(node: Node) -> None:
    """An object of the user's."""
    Destroys(node)


@pytest.mark.parametrize("garbage", [a_stream, of_the_users])
@pytest.mark.parametrize("ends", ["block", "remove_node", "destroy_node", "a look"])
def test_it_comes_while_entities_are_watched_and_let_go(
    run: Run, context: Context, lone: Node, garbage: Callable[[Node], Any], ends: str
) -> None:
    """Between any two of them; nothing is raised, and what was garbage is destroyed."""
    raised: list[BaseException] = []

    async def main() -> None:
        before = len(list(lone.subscriptions))
        async with AsyncioExecutor(
            context=context, on_error=lambda error, _: raised.append(error)
        ) as executor:
            waitable = Collects()
            lone.add_waitable(waitable)
            executor.add_node(lone)
            await turns()
            await garbage(lone)
            await turns()
            if ends == "remove_node":
                executor.remove_node(lone)
            elif ends == "destroy_node":
                lone.remove_waitable(waitable)
                lone.destroy_node()
            elif ends == "a look":
                lone.add_waitable(Collects())
            await turns()
        gc.collect()
        await asyncio.sleep(0)
        if ends != "destroy_node":
            assert len(list(lone.subscriptions)) == before

    run(main)
    assert raised == []


class Told(Follower):
    """Notes that it was told."""

    def __init__(self) -> None:
        self.reason = ""

    def gone(self, reason: str) -> None:
        self.reason = reason


class Discards:
    """Garbage that discards followers: one each time that the collector comes."""

    def __init__(self, followers: Followers, left: list[Told]) -> None:
        self.followers = followers
        self.left = left
        self.itself = self

    def __del__(self) -> None:
        if self.left:
            self.followers.discard(self.left.pop())
            Discards(self.followers, self.left)


@pytest.mark.parametrize("tell", ["node_gone", "shut_down", "gone"])
def test_it_comes_while_followers_are_told(tell: str) -> None:
    """At every object that is made: those that are discarded meanwhile are not told twice."""
    followers, node = Followers(), object()
    kept, discarded = [Told() for _ in range(50)], [Told() for _ in range(50)]
    for pair in zip(kept, discarded, strict=True):
        for each in pair:
            followers.add(each, node, node)
    Discards(followers, list(discarded))
    drained = [{} for _ in range(1000)]  # no dict is reused: each one that is made brings it
    gc.set_threshold(1)
    gc.enable()
    if tell == "node_gone":
        followers.node_gone(node, "gone")
    elif tell == "shut_down":
        followers.shut_down("gone", finally_=True)
    else:
        followers.gone(id(node), "gone")
    gc.disable()
    assert drained
    assert [each.reason for each in kept] == ["gone"] * 50


def test_it_comes_where_the_nodes_are_listed(context: Context, lone: Node) -> None:
    """A finalizer waits for another thread, as for the lock of the context: which takes a node."""
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    waited: list[bool] = []

    class Owner:
        """A cycle that waits when it is collected."""

        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            other = threading.Thread(target=executor.remove_node, args=(lone,), daemon=True)
            other.start()
            other.join(1.0)
            waited.append(other.is_alive())

    class Listed(dict[int, Any]):
        """Brings the collector."""

        def values(self) -> Any:
            gc.collect()
            return super().values()

    Owner()
    executor._added_nodes = Listed(executor._added_nodes)
    executor.get_nodes()
    assert waited == [False]
    assert executor.get_nodes() == []
    executor.shutdown()
