# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Messages of several topics that belong together: exactly, or within a tolerance.

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from builtin_interfaces.msg import Time
from hypothesis import given
from hypothesis import strategies as st
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import Imu, JointState, Temperature
from std_msgs.msg import Header, String

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._coroutines.streams.synchronized import _Matcher
from tests.support import ends
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

LEFT, RIGHT = (Imu, "left"), (JointState, "right")
MS = 1_000_000


def header(stamp_ms: float) -> Header:
    """Return a header of so many milliseconds."""
    seconds, nanoseconds = divmod(round(stamp_ms * MS), 1000 * MS)
    return Header(stamp=Time(sec=seconds, nanosec=nanoseconds))


def stamps(messages: tuple[Any, ...]) -> list[float]:
    """Return the stamps of a set in milliseconds."""
    return [each.header.stamp.sec * 1000 + each.header.stamp.nanosec / MS for each in messages]


class Sender:
    """Publishes on the topics of these tests."""

    def __init__(self, node: Node) -> None:
        self._publishers = {
            cls: node.create_publisher(cls, topic, 100)
            for cls, topic in (LEFT, RIGHT, (Temperature, "third"))
        }

    def send(self, cls: type[Any], *stamps_ms: float) -> None:
        """Publish one of each stamp."""
        for each in stamps_ms:
            self._publishers[cls].publish(cls(header=header(each)))


@pytest.fixture
def sender(lone: Node) -> Sender:
    """On the node that listens."""
    return Sender(lone)


def test_messages_with_equal_stamps_belong_together(
    run: Run, context: Context, lone: Node, sender: Sender
) -> None:
    """Whichever comes first; what has no partner comes not, and is in nobody's way."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.synchronized(lone, LEFT, RIGHT) as pairs:
                sender.send(Imu, 1, 2, 2000.5)
                sender.send(JointState, 2000.5, 3, 1)
                found = [await anext(pairs) for _ in range(2)]
                assert [stamps(each) for each in found] == [[2000.5, 2000.5], [1, 1]]
                assert [type(each) for each in found[0]] == [Imu, JointState]
                assert len(pairs.subscriptions) == 2
            assert [each.topic_name for each in lone.subscriptions] == []

    run(main)


def test_three_topics_within_a_tolerance(
    run: Run, context: Context, lone: Node, sender: Sender
) -> None:
    """Those that are nearest to the last one that came, and none further apart than allowed."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            third = (Temperature, "third")
            async with aiorcl.synchronized(lone, LEFT, RIGHT, third, tolerance_sec=0.01) as sets:
                sender.send(Imu, 100, 104, 109)
                sender.send(JointState, 96, 103)
                await turns()
                sender.send(Temperature, 105)
                assert stamps(await anext(sets)) == [104, 103, 105]
                sender.send(Temperature, 120, 106)
                assert stamps(await anext(sets)) == [100, 96, 106]

    run(main)


def test_what_finds_no_partner_is_counted(
    run: Run, context: Context, lone: Node, sender: Sender
) -> None:
    """The oldest by its stamp goes first; sets that nobody takes are counted apart."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.synchronized(lone, LEFT, RIGHT, queue_size=2) as pairs:
                sender.send(Imu, 3, 1, 2, 2)
                while pairs.unmatched != [2, 0]:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                sender.send(JointState, 1, 2, 3)
                assert [stamps(await anext(pairs)) for _ in range(2)] == [[2, 2], [3, 3]]
                for each in (4, 5, 6):
                    sender.send(Imu, each)
                    sender.send(JointState, each)
                while pairs.dropped != 1:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                assert [stamps(await anext(pairs)) for _ in range(2)] == [[5, 5], [6, 6]]
                assert pairs.unmatched == [2, 0]

    run(main)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), max_size=60),
    st.integers(0, 5),
    st.integers(1, 5),
)
def test_each_message_is_in_one_set_waits_or_is_counted(
    messages: list[tuple[int, int]], tolerance: int, queue_size: int
) -> None:
    """And no set is wider than the tolerance, whatever comes in whichever order."""
    matcher = _Matcher(3, queue_size, tolerance)
    used: list[object] = []
    for topic, nanoseconds in messages:
        message = Temperature(header=header(nanoseconds / MS))
        found = matcher.add(topic, message)
        if found is not None:
            values = [each.header.stamp.nanosec for each in found]
            assert max(values) - min(values) <= tolerance
            assert message in found
            used += found
    waiting = [each for queue in matcher._waiting for each in queue.values()]
    assert all(len(queue) <= queue_size for queue in matcher._waiting)
    assert len({*map(id, used)} | {*map(id, waiting)}) == len(used) + len(waiting)
    assert len(used) + len(waiting) + sum(matcher.unmatched) == len(messages)


@ends.ON_EITHER_THREAD
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("way", ["close", *ends.ENDS])
def test_the_iteration_ends_with_one_of_the_topics(
    *, run: Run, context: Context, make_node: MakeNode, way: str, number: int, thread: bool
) -> None:  # fmt: skip
    """Or with the node or the executor; all that was made is gone."""
    node = make_node()

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            async with aiorcl.synchronized(node, LEFT, RIGHT) as pairs:
                waiting = asyncio.ensure_future(anext(pairs, None))
                await turns()
                entity = pairs if way == "close" else pairs.subscriptions[number]
                await ends.end(way, executor, node, entity, block=block, thread=thread)
                assert await waiting is None
            assert list(node.subscriptions) == []
            assert len(executor._followers) == 0

    run(main)


def test_a_stream_that_nobody_holds_has_no_subscription(
    run: Run, context: Context, lone: Node, sender: Sender
) -> None:
    """``break`` is enough."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            async def first() -> weakref.ref[Any]:
                stream = aiorcl.synchronized(lone, LEFT, RIGHT)
                async with asyncio.TaskGroup() as group:
                    taking = group.create_task(anext(stream))
                    await turns()
                    sender.send(Imu, 1)
                    sender.send(JointState, 1)
                assert stamps(taking.result()) == [1, 1]
                return weakref.ref(stream)

            stream = await first()
            gc.collect()
            assert stream() is None
            assert list(lone.subscriptions) == []

    run(main)


def test_whoever_waits_can_be_cancelled_anywhere(
    run: Run, context: Context, lone: Node, sender: Sender
) -> None:
    """And nothing is left."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            async def once() -> None:
                async with aiorcl.synchronized(lone, LEFT, RIGHT) as pairs:
                    sender.send(Imu, 1)
                    sender.send(JointState, 1)
                    await anext(pairs)

            def left() -> object:
                return len(list(lone.subscriptions)), len(executor._followers)

            assert await cancel_everywhere(once, left) >= 2

    run(main)


def test_wrong_arguments_are_refused(lone: Node) -> None:
    """With what to write."""
    wrong: Any = aiorcl.synchronized
    for arguments, words in [
        (("node", LEFT, RIGHT), "takes a node"),
        ((lone, LEFT), "two topics or more"),
        ((lone, LEFT, Imu), r"such as \(Image, 'left'\)"),
        ((lone, LEFT, (String, "words")), "std_msgs.msg.String has none"),
        ((lone, LEFT, (Imu, 3)), "the name of a topic"),
    ]:
        with pytest.raises(TypeError, match=words):
            wrong(*arguments)
    wrong_options: list[tuple[dict[str, Any], str]] = [
        ({"tolerance_sec": -1.0}, "tolerance in seconds, 0 or more"),
        ({"tolerance_sec": float("nan")}, "tolerance in seconds, 0 or more"),
        ({"tolerance_sec": "1"}, "tolerance in seconds"),
        ({"queue_size": 0}, "at least 1"),
        ({"queue_size": 1.5}, "queue_size as an int"),
        ({"qos_profile": None}, "a QoSProfile"),
    ]
    for options, words in wrong_options:
        with pytest.raises((TypeError, ValueError), match=words):
            wrong(lone, LEFT, RIGHT, **options)
    assert repr(wrong(lone, LEFT, RIGHT)) == "<SynchronizedStream of 'left', 'right'>"
