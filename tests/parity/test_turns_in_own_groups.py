# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a callback group of the user's own class keeps waiting: in turn, and with nothing lost.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from std_msgs.msg import Int64

from tests.support.executors import breaks, new_future
from tests.support.spinner import Spinner
from tests.support.waitables import Inbox

if TYPE_CHECKING:
    from rclpy.executors import Executor

NO_GROUPS = breaks(events="has no callback groups")


class OwnGroup(MutuallyExclusiveCallbackGroup):
    """As the class above it, but for what the executor knows of that; and it may be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open = True

    def can_execute(self, entity: Any) -> bool:
        """Ask the class above."""
        return self.open and super().can_execute(entity)


class Consuming(Inbox):
    """Takes an item out when it is asked whether there is one."""

    taken: Any = None

    def is_ready(self, wait_set: Any) -> bool:
        """Keep what ``take_data`` returns."""
        if not super().is_ready(wait_set):
            return False
        self.taken = self.items.popleft()
        return True

    def take_data(self) -> Any:
        """Return what was taken out, and be ready again if there is more."""
        if self.items:
            self.entity.trigger_guard_condition()
        return self.taken


@breaks(events="has no callback groups", single="takes the first of a group again and again")
def test_members_take_turns_behind_one_that_is_flooded(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """When a callback ends another topic is next, though more of the first have come."""
    group, begun = OwnGroup(), list[str]()
    ends = [new_future(executor) for _ in range(6)]

    async def callback(topic: str) -> None:
        begun.append(topic)
        publisher.publish(Int64())
        await ends[len(begun) - 1]

    for topic in ("flooded", "left", "right"):

        async def hear(_: Int64, topic: str = topic) -> None:
            await callback(topic)

        node.create_subscription(Int64, topic, hear, 100, callback_group=group)  # type: ignore[arg-type]
    publisher = node.create_publisher(Int64, "flooded", 100)
    others = [node.create_publisher(Int64, topic, 10) for topic in ("left", "right")]
    for _ in range(3):
        publisher.publish(Int64())
    spin.until(lambda: begun)
    for _ in range(2):
        for other in others:
            other.publish(Int64())
    spin.drain()
    for number in range(5):
        ends[number].set_result(None)
        spin.until(lambda: len(begun) == number + 2)  # noqa: B023
        spin.drain()
    ends[5].set_result(None)
    assert begun == 2 * ["flooded", "left", "right"]


@NO_GROUPS
def test_a_waitable_whose_group_is_closed_keeps_what_it_has(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """Also one that takes something out when it is asked whether it is ready."""
    group = OwnGroup()
    inbox = Consuming(node, group)
    spin.drain()
    group.open = False
    for number in range(3):
        inbox.put(number)
        spin.drain()
    assert inbox.executed == []
    group.open = True
    inbox.put(3)
    spin.until(lambda: len(inbox.executed) == 4)
    assert inbox.executed == [0, 1, 2, 3]
