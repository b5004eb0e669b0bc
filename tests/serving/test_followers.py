# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Who begins to follow what went a moment ago is told of it, as those who were there before.

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor
from aiorcl._serving.followers import Follower
from aiorcl._serving.registry import served
from tests.support import ends
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run


class Noted(Follower):
    """Notes what it is told."""

    def __init__(self, *, outlives_shutdown: bool) -> None:
        self.outlives_shutdown = outlives_shutdown
        self.told: list[str] = []

    def gone(self, reason: str) -> None:
        self.told.append(reason)


@pytest.mark.parametrize("way", ends.ENDS)
def test_one_that_raises_keeps_no_other_from_being_told(
    run: Run, context: Context, lone: Node, way: str
) -> None:
    """A method of a node of the user's, say, by which a stream destroys what is its own."""

    class Failing(Noted):
        """Raises when it is told."""

        def gone(self, reason: str) -> None:
            super().gone(reason)
            raise LookupError(reason)

    classes = (Noted, Failing, Noted, Failing, Noted)
    followers = [each(outlives_shutdown=False) for each in classes]

    async def main() -> None:
        timer = lone.create_timer(1000.0, lambda: None)
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(lone)
            found = served(timer)
            assert found is not None
            for follower in followers:
                found.served_node.serving.follow(follower, timer, lone)
            with contextlib.suppress(LookupError):
                await ends.end(way, executor, lone, timer, block=block, thread=False)

    with contextlib.suppress(LookupError):
        run(main)
    assert [len(follower.told) for follower in followers] == [1] * len(followers)


@pytest.mark.parametrize("patient", [False, True], ids=["stream", "call"])
@pytest.mark.parametrize("way", ends.ENDS)
def test_who_comes_late_is_told(
    run: Run, context: Context, lone: Node, way: str, patient: bool
) -> None:
    """However it comes about, with no coroutine under way that could go on."""

    async def main() -> None:
        timer = lone.create_timer(1000.0, lambda: None)
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(lone)
            found = served(timer)
            assert found is not None
            serving = found.served_node.serving
            await ends.end(way, executor, lone, timer, block=block, thread=False)
            late = Noted(outlives_shutdown=patient)
            serving.follow(late, timer, lone)
            assert len(late.told) == 1

    run(main)


def test_who_comes_while_coroutines_end(run: Run, context: Context, lone: Node) -> None:
    """Is told of that unless it outlives a shutdown: in their cleanup they may call services."""
    followers = [Noted(outlives_shutdown=outlives) for outlives in (False, True)]
    counts: list[int] = []

    async def main() -> None:
        timer = lone.create_timer(1000.0, lambda: None)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            found = served(timer)
            assert found is not None
            serving = found.served_node.serving

            async def clean_up() -> None:
                try:
                    await asyncio.Event().wait()
                finally:
                    for follower in followers:
                        serving.follow(follower, lone, lone)
                        counts.append(len(follower.told))

            executor.create_task(clean_up)
            await turns()
        assert counts == [1, 0]
        assert [len(follower.told) for follower in followers] == [1, 1]

    run(main)


def test_who_comes_in_time_is_not_told(run: Run, context: Context, lone: Node) -> None:
    """Of nothing, while what it follows is there; of each kind of entity."""

    async def main() -> None:
        entities: list[Any] = [
            *(lone, lone.create_timer(1000.0, lambda: None)),
            *(lone.create_publisher(Int64, "topic", 10), lone.create_client(Trigger, "service")),
            ActionClient(lone, Fibonacci, "action"),
        ]
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            found = served(entities[-1])
            assert found is not None
            followers = [Noted(outlives_shutdown=False) for _ in entities]
            for follower, entity in zip(followers, entities, strict=True):
                found.served_node.serving.follow(follower, entity, lone)
            assert [follower.told for follower in followers] == [[]] * len(entities)
            entities[-1].destroy()
            assert [len(follower.told) for follower in followers] == [0, 0, 0, 0, 1]
            late = Noted(outlives_shutdown=False)
            found.served_node.serving.follow(late, entities[-1], lone)
            assert len(late.told) == 1

    run(main)
