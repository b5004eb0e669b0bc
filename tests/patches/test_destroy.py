# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Nodes are destroyed as ever, whatever clock their class gives out; and entities that tell them.

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioClock, AsyncioExecutor, EntityGoneError
from tests.support.elsewhere import call_elsewhere
from tests.support.processes import started
from tests.support.telling import subscription_that_tells

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run


# An executor of rclpy destroys a guard condition when it is collected: this one last of all.
LEFT = """\
import aiorcl, rclpy
rclpy.init(args=[])
rclpy.get_global_executor()
"""


@dataclass
class FakeClock:
    """A clock of the user's, which cannot be hashed."""

    seconds: float = 0.0


class WithFakeClock(Node):
    """A node as tests of users have it; newer rclpy wants a clock of ROS time while it is made."""

    made = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.made = True

    def get_clock(self) -> Any:
        """Return the user's clock."""
        return FakeClock() if self.made else super().get_clock()


class WithoutClock(Node):
    """A node that gives its clock out only while it is open."""

    closed = False

    def get_clock(self) -> Clock:
        """Return the clock while the node is open."""
        if self.closed:
            raise RuntimeError("The node is closed")
        return super().get_clock()

    def destroy_node(self) -> None:
        """Close the node."""
        self.closed = True
        super().destroy_node()


class PutsAnother(Node):
    """A node that has put a clock of its own where rclpy keeps its."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clock: Any = FakeClock()


@pytest.mark.parametrize("cls", [WithFakeClock, WithoutClock, PutsAnother])
def test_a_node_with_a_clock_of_its_own_is_destroyed(make_node: MakeNode, cls: type[Node]) -> None:
    """What the method of the user's returns or raises is of no matter."""
    node = make_node(cls)
    node.destroy_node()
    with pytest.raises(InvalidHandle), node.handle:
        pass


def test_a_clock_that_nodes_share_goes_on(run: Run, make_node: MakeNode) -> None:
    """The clock that a node gives out may be of others, too: only its own ends with it."""
    shared = Clock(clock_type=ClockType.STEADY_TIME)

    class Sharing(Node):
        made = False

        def get_clock(self) -> Clock:
            return shared if self.made else super().get_clock()

    async def main() -> None:
        node: Any = make_node(Sharing)
        node.made = True
        own = AsyncioClock(Node.get_clock(node))
        sleeping = asyncio.ensure_future(AsyncioClock(shared).sleep_for_async(Duration(seconds=60)))
        await asyncio.sleep(0)
        node.destroy_node()
        await asyncio.sleep(0)
        assert not sleeping.done()
        sleeping.cancel()
        with pytest.raises(EntityGoneError):
            await own.sleep_for_async(Duration(seconds=60))

    run(main)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
def test_an_entity_that_tells_its_node_is_let_go(
    run: Run, context: Context, make_node: MakeNode, elsewhere: bool
) -> None:
    """It is gone for others, too, and is called no more; a second time is nothing."""
    got: list[int] = []

    async def main() -> None:
        node = make_node()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            subscription = subscription_that_tells(
                node, Int64, "topic", lambda message: got.append(message.data), 10
            )
            publisher = node.create_publisher(Int64, "topic", 10)
            publisher.publish(Int64(data=1))
            while not got:  # noqa: ASYNC110
                await asyncio.sleep(0)
            publisher.publish(Int64(data=2))
            if elsewhere:
                call_elsewhere(subscription.destroy)
            else:
                subscription.destroy()
            while node.count_subscribers("topic"):  # noqa: ASYNC110
                await asyncio.sleep(0)
            subscription.destroy()

    run(main)
    assert got == [1]


def test_what_is_left_at_the_end_of_the_interpreter(context: Context) -> None:
    """It is destroyed when modules have lost their globals, and nobody hears of that."""
    command = [sys.executable, "-c", LEFT]
    with started(command, domain_id=context.get_domain_id()) as process:
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (0, "", "")
