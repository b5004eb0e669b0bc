# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of examples/navigation: the test is the client of a patrol, and what gets in its way.

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool, Float64, String
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import examples
from tests.support.makers import MakeNode

pytestmark = pytest.mark.once

DEADLINE_SEC = 40
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@dataclass
class Robot:
    """What a client has of the robot."""

    node: Node
    patrol: ActionClient[Any, Any, Any]
    doing: aiorcl.MessageStream[String]
    blocked: Any

    async def is_about(self, what: str) -> None:
        """Wait until the robot says that it does this."""
        async for message in self.doing:
            if message.data == what:
                return

    def block(self, blocked: bool) -> None:
        self.blocked.publish(Bool(data=blocked))


@contextlib.asynccontextmanager
async def robot(node: Node, *parameters: str, complains: bool = False) -> AsyncIterator[Robot]:
    """Run base and navigator; they end well on Ctrl-C, and print no error unless they may."""
    arguments = ["--ros-args", "--log-level", "warn"]
    for parameter in parameters:
        arguments += ["-p", parameter]
    domain_id = node.context.get_domain_id()
    patrol = ActionClient(node, Fibonacci, "patrol")
    with (
        examples.start("navigation", "navigation.base", *arguments, domain_id=domain_id) as base,
        examples.start(
            "navigation", "navigation.navigator", *arguments, domain_id=domain_id
        ) as navigator,
    ):
        async with asyncio.timeout(DEADLINE_SEC), AsyncioExecutor(context=node.context) as executor:
            executor.add_node(node)
            doing = aiorcl.messages(node, String, "doing", LATCHED, queue_size=100)
            blocked = node.create_publisher(Bool, "blocked", LATCHED)
            async with doing:
                await aiorcl.action_ready(patrol)
                yield Robot(node, patrol, doing, blocked)
        for process in (navigator, base):
            process.send_signal(signal.SIGINT)
            out, errors = process.communicate(timeout=DEADLINE_SEC)
            assert (process.returncode, out) == (0, ""), errors
            assert errors == "" or complains
    patrol.destroy()


def test_a_patrol_charges_on_its_way(make_node: MakeNode) -> None:
    """Four places, with the dock between: the feedback grows, and the result has them all."""

    async def main() -> None:
        async with (
            robot(make_node(), "speed:=5.0") as found,
            aiorcl.goal(found.patrol, Fibonacci.Goal(order=4)) as running,
        ):
            heard = [list(feedback.sequence) async for feedback in running]
            visited = list((await running.result()).sequence)
            assert [place for place in visited if place != 0] == [1, 2, 3, 4]
            assert visited.count(0) == 1
            assert heard == [visited[: visited.index(place) + 1] for place in (1, 2, 3, 4)]

    asyncio.run(main())


def test_a_blocked_way_is_waited_for(make_node: MakeNode) -> None:
    """The base stops while the way is blocked, and goes on when it is free."""

    async def main() -> None:
        async with robot(make_node(), "speed:=2.0") as found:
            found.block(True)
            async with aiorcl.goal(found.patrol, Fibonacci.Goal(order=1)) as running:
                await found.is_about("waiting for a free way")
                async with aiorcl.messages(found.node, Float64, "position") as positions:
                    stands_at = (await anext(positions)).data
                    assert (await anext(positions)).data == stands_at < 1
                found.block(False)
                await found.is_about("driving to 1")
                assert list((await running.result()).sequence) == [1]

    asyncio.run(main())


def test_a_cancelled_patrol_stops_the_base(make_node: MakeNode) -> None:
    """To leave the block of a patrol ends it, and the drive of the base with it."""

    async def main() -> None:
        async with robot(make_node(), "speed:=0.5") as found:
            async with aiorcl.goal(found.patrol, Fibonacci.Goal(order=2)) as running:
                await found.is_about("driving to 1")
            assert running.status == GoalStatus.STATUS_CANCELED
            await found.is_about("nothing")
            async with aiorcl.messages(found.node, Float64, "position") as positions:
                stands_at = (await anext(positions)).data
                assert (await anext(positions)).data == stands_at < 1

    asyncio.run(main())


def test_a_base_that_gets_nowhere(make_node: MakeNode) -> None:
    """After some attempts, each with a timeout, the patrol is given up."""

    async def main() -> None:
        parameters = ("speed:=0.0", "leg_sec:=0.1", "attempts:=2")
        async with (
            robot(make_node(), *parameters, complains=True) as found,
            aiorcl.goal(found.patrol, Fibonacci.Goal(order=1)) as running,
        ):
            with pytest.raises(aiorcl.GoalAbortedError):
                await running.result()

    asyncio.run(main())
