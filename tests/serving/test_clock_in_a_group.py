# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A node's subscription of /clock is in its default group, and is not held back by it.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock

from aiorcl import AsyncioClock, AsyncioExecutor

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run


@pytest.mark.parametrize("group", ["strict", "own"])
def test_a_callback_sleeps_on_the_clock_of_its_node(
    run: Run, context: Context, make_node: MakeNode, group: str
) -> None:
    """In the default group of strict groups, and in one of the user's that has its place."""
    node, simulation = make_node(), make_node()
    if group == "own":
        node._default_callback_group = MutuallyExclusiveCallbackGroup()
    slept = asyncio.Event()

    async def callback() -> None:
        await AsyncioClock(node.get_clock()).sleep_for_async(Duration(seconds=1))
        slept.set()

    async def main() -> None:
        async with AsyncioExecutor(context=context, strict_groups=group == "strict") as executor:
            executor.add_node(node)
            executor.add_node(simulation)
            node.set_parameters([Parameter("use_sim_time", value=True)])
            publisher = simulation.create_publisher(Clock, "/clock", 10)
            node.create_guard_condition(callback).trigger()  # type: ignore[arg-type]
            message = Clock()
            while not slept.is_set():
                message.clock.sec += 1
                publisher.publish(message)
                await asyncio.sleep(0)

    run(main)
