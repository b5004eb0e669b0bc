# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The end of streams, and who may not open one.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.event_handler import QoSPublisherEventType
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import ends
from tests.support.elsewhere import call_elsewhere
from tests.support.talker import Talker, subscriptions, take
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run


@ends.ON_EITHER_THREAD
@pytest.mark.parametrize("way", ["close", *ends.ENDS])
def test_an_iteration_ends_when_nothing_can_come(
    run: Run, context: Context, make_node: MakeNode, way: str, thread: bool
) -> None:
    """However it comes about, on the loop's thread or another; the tasks that wait go on."""
    node = make_node()

    async def count(stream: aiorcl.MessageStream[Int64]) -> int:
        return len([message async for message in stream])

    async def main() -> None:
        talker = Talker(make_node())
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            stream = aiorcl.messages(node, Int64, "topic")
            counting = [asyncio.ensure_future(count(stream)) for _ in range(2)]
            await turns()
            talker.say(1)
            while not any(stream._opened()._items) and subscriptions(node) == 0:  # noqa: ASYNC110
                await asyncio.sleep(0)
            once = asyncio.ensure_future(aiorcl.next_message(node, Int64, "never"))
            await turns()
            entity = stream if way == "close" else stream.subscription
            await ends.end(way, executor, node, entity, block=block, thread=thread)
            await asyncio.gather(*counting)
            assert [message async for message in stream] == []
            if way in ("close", "destroy"):
                once.cancel()
            else:
                with pytest.raises(aiorcl.EntityGoneError, match="'never'"):
                    await once
            assert len(executor._followers) == 0 or way in ("close", "destroy")

    run(main)


def test_what_has_arrived_can_be_taken_after_the_end(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """A node that is gone brings no more, but what it brought is there; not so after close."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            first, second = (aiorcl.messages(lone, Int64, "topic") for _ in range(2))
            async with first, second:
                talker.say(1, 2)
                assert await take(first, 1) == [1]
                assert await take(second, 1) == [1]
                while not (first._opened()._items and second._opened()._items):  # noqa: ASYNC110
                    await asyncio.sleep(0)
                executor.remove_node(lone)
                second.close()
                assert [message.data async for message in first] == [2]
                assert [message.data async for message in second] == []

    run(main)


def fed_by(node: Node) -> list[int]:
    """Count what may feed a stream."""
    kinds = (node.subscriptions, node.services, node.timers, node.waitables)
    return [len(list(each)) for each in kinds]


IMAGES = ((Image, "left"), (Image, "right"))

STREAMS: dict[str, Callable[[Node, Any], aiorcl.Stream[Any]]] = {
    "messages": lambda node, _: aiorcl.messages(node, Int64, "topic"),
    "synchronized": lambda node, _: aiorcl.synchronized(node, *IMAGES),
    "ticks": lambda node, _: aiorcl.ticks(node, 1000),
    "ticks of a clock": lambda node, _: aiorcl.ticks(node, 1000, clock=node.get_clock()),
    "requests": lambda node, _: aiorcl.requests(node, Trigger, "service"),
    "events": lambda node, publisher: aiorcl.qos_events(
        node, publisher, QoSPublisherEventType.RCL_PUBLISHER_MATCHED
    ),
}


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("thread", [False, True], ids=["loop", "thread"])
@pytest.mark.parametrize("way", ["remove_node", "executor", "block"])
def test_a_stream_that_has_ended_leaves_nothing_on_its_node(
    *, run: Run, context: Context, make_node: MakeNode, way: str, thread: bool, kind: str
) -> None:
    """Though somebody holds it: whoever serves the node next would call what nobody reads."""
    node = make_node()
    publisher = node.create_publisher(Int64, "published", 10)
    before = fed_by(node)

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(node)
            stream = STREAMS[kind](node, publisher)
            waiting = asyncio.ensure_future(anext(stream, None))
            await turns()
            assert fed_by(node) != before
            await ends.end(way, executor, node, stream, block=block, thread=thread)
            assert await waiting is None
            assert fed_by(node) == before
            assert not stream.closed

    run(main)


def test_a_stream_of_a_spin_call_leaves_nothing_on_its_node(context: Context, lone: Node) -> None:
    """It ends while nothing runs, and its loop may never run again."""
    streams: list[aiorcl.Stream[Any]] = []
    before = fed_by(lone)

    async def open_one() -> None:
        streams.append(await aiorcl.messages(lone, Int64, "topic").__aenter__())

    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    executor.spin_until_future_complete(executor.create_task(open_one))
    assert fed_by(lone) != before
    executor.remove_node(lone)
    executor.remove_node(lone)
    assert fed_by(lone) == before
    executor.shutdown()


def test_a_node_on_no_executor_is_refused(run: Run, context: Context, lone: Node) -> None:
    """At once, with what to do: nobody would ever bring a message."""
    stream = aiorcl.messages(lone, Int64, "topic")

    async def main() -> None:
        with pytest.raises(RuntimeError, match="add_node"):
            await anext(stream)
        executor = AsyncioExecutor(context=context)
        executor.add_node(lone)
        with pytest.raises(RuntimeError, match="async with executor"):
            await aiorcl.next_message(lone, Int64, "topic")
        async with executor:
            executor.shutdown()
            with pytest.raises(aiorcl.EntityGoneError, match="shut down"):
                await aiorcl.next_message(lone, Int64, "topic")
        assert subscriptions(lone) == 0

    run(main)


@pytest.mark.parametrize("kind", ["messages", "ticks", "events"])
def test_a_stream_is_closed_while_it_opens(
    run: Run, context: Context, make_node: MakeNode, kind: str
) -> None:
    """By another thread, in the middle: what was made is destroyed, and the iteration ends."""

    class Hooked(Node):
        """Calls a hook when an entity was made, before anybody has got it."""

        hook: Callable[[], None] | None = None

        def add_waitable(self, waitable: Any) -> None:
            super().add_waitable(waitable)
            self._made()

        def create_subscription(self, *args: Any, **options: Any) -> Any:
            made = super().create_subscription(*args, **options)
            self._made()
            return made

        def create_timer(self, *args: Any, **options: Any) -> Any:
            made = super().create_timer(*args, **options)
            self._made()
            return made

        def _made(self) -> None:
            hook, self.hook = self.hook, None
            if hook is not None:
                call_elsewhere(hook)

    node = make_node(Hooked)
    assert isinstance(node, Hooked)
    entity = node.create_publisher(Int64, "published", 10)

    def entities() -> tuple[int, ...]:
        return len(list(node.timers)), len(list(node.waitables)), subscriptions(node)

    async def main() -> None:
        before = entities()
        makers: dict[str, Callable[[], aiorcl.Stream[Any]]] = {
            "messages": lambda: aiorcl.messages(node, Int64, "topic"),
            "ticks": lambda: aiorcl.ticks(node, 1),
            "events": lambda: aiorcl.qos_events(
                node, entity, QoSPublisherEventType.RCL_PUBLISHER_MATCHED
            ),
        }
        stream = makers[kind]()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            node.hook = stream.close
            assert [item async for item in stream] == []
            assert stream.closed
            assert entities() == before
            assert len(executor._followers) == 0

    run(main)


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("messages", "remove_node"),
        ("events", "remove_node"),
        ("ticks", "remove_node"),
        ("ticks", "destroy_node"),
    ],
)
def test_a_node_goes_while_a_stream_opens(
    run: Run, context: Context, make_node: MakeNode, kind: str, way: str
) -> None:
    """By another thread, before the entity is made, with which the executor looks at the node."""

    class Hooked(Node):
        """Calls a hook when an entity is about to be made or added."""

        hook: Callable[[], object] | None = None

        def add_waitable(self, waitable: Any) -> None:
            self._make()
            super().add_waitable(waitable)

        def create_subscription(self, *args: Any, **options: Any) -> Any:
            self._make()
            return super().create_subscription(*args, **options)

        def create_timer(self, *args: Any, **options: Any) -> Any:
            self._make()
            return super().create_timer(*args, **options)

        def _make(self) -> None:
            hook, self.hook = self.hook, None
            if hook is not None:
                call_elsewhere(hook)

    node = make_node(Hooked)
    assert isinstance(node, Hooked)
    publisher = node.create_publisher(Int64, "published", 10)

    async def main() -> None:
        streams: dict[str, aiorcl.Stream[Any]] = {
            "messages": aiorcl.messages(node, Int64, "topic"),
            "ticks": aiorcl.ticks(node, 1000),
            "events": aiorcl.qos_events(
                node, publisher, QoSPublisherEventType.RCL_PUBLISHER_MATCHED
            ),
        }
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            node.hook = (
                node.destroy_node if way == "destroy_node" else lambda: executor.remove_node(node)
            )
            assert [item async for item in streams[kind]] == []
            assert len(executor._followers) == 0

    run(main)


def test_an_exception_that_is_kept_keeps_no_stream(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """A bare loop that an exception ends, in its body or where it waits, destroys what it read."""

    async def main() -> None:
        read = asyncio.Event()

        async def fail() -> None:
            async for _ in aiorcl.messages(lone, Int64, "topic"):
                raise LookupError

        async def listen() -> None:
            async for _ in aiorcl.messages(lone, Int64, "topic"):
                read.set()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            failing, listening = asyncio.ensure_future(fail()), asyncio.ensure_future(listen())
            await turns()
            assert subscriptions(lone) == 2
            talker.say(1)
            await read.wait()
            await asyncio.wait([failing])
            assert isinstance(failing.exception(), LookupError)
            assert subscriptions(lone) == 1
            listening.cancel()
            kept = (await asyncio.gather(listening, return_exceptions=True))[0]
            assert isinstance(kept, asyncio.CancelledError)
            assert subscriptions(lone) == 0
            with pytest.raises(TimeoutError) as kept_too:
                async with asyncio.timeout(0):
                    await listen()
            assert subscriptions(lone) == 0, kept_too

    run(main)


def test_a_stream_stays_on_its_loop(run: Run, context: Context, lone: Node) -> None:
    """Iterated over on another loop it says so."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.messages(lone, Int64, "topic") as stream:

                def elsewhere() -> None:
                    with pytest.raises(RuntimeError, match="another event loop"):
                        asyncio.run(take(stream, 1))

                await asyncio.to_thread(elsewhere)

    run(main)
