# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# QoS events as an async iterator: whose handler it is, and beside handlers that are there already.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.event_handler import (
    PublisherEventCallbacks,
    QoSPublisherEventType,
    QoSSubscriptionEventType,
    SubscriptionEventCallbacks,
)
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._coroutines.streams import qos_events
from aiorcl._coroutines.streams.stream import Feed
from tests.support.elsewhere import DEADLINE_SEC
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

PUBLISHER_MATCHED = QoSPublisherEventType.RCL_PUBLISHER_MATCHED
SUBSCRIPTION_MATCHED = QoSSubscriptionEventType.RCL_SUBSCRIPTION_MATCHED


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until it is so."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0)


def waitables(node: Node) -> int:
    """Count the waitables of a node."""
    return len(list(node.waitables))


def test_a_match_is_told(run: Run, context: Context, lone: Node) -> None:
    """Of a publisher, and of the subscription of another stream; the handlers go with the streams.

    What happened before the stream was opened is told, too.
    """

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publisher = lone.create_publisher(Int64, "topic", 10)
            before = waitables(lone)
            async with (
                aiorcl.messages(lone, Int64, "topic") as stream,
                aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED) as of_publisher,
                aiorcl.qos_events(lone, stream.subscription, SUBSCRIPTION_MATCHED) as matched,
            ):
                assert (await anext(of_publisher)).current_count == 1
                assert (await anext(matched)).total_count == 1
                lone.destroy_publisher(publisher)
                assert (await anext(matched)).current_count == 0
                assert [event async for event in of_publisher] == []
            assert waitables(lone) < before

    run(main)


@pytest.mark.parametrize("kind", ["plain", "coroutine function", "returns a coroutine"])
def test_a_callback_that_is_there_stays(run: Run, context: Context, lone: Node, kind: str) -> None:
    """The event goes to both, and to each stream; then the handler is what it was."""
    told: list[Any] = []

    async def callback(event: Any) -> None:
        told.append(event)

    matched: dict[str, Any] = {
        "plain": told.append,
        "coroutine function": callback,
        "returns a coroutine": lambda event: callback(event),
    }
    callbacks = PublisherEventCallbacks(matched=matched[kind])

    async def main() -> None:
        publisher = lone.create_publisher(Int64, "topic", 10, event_callbacks=callbacks)
        (handler,) = [h for h in publisher.event_handlers if h.event_type == PUBLISHER_MATCHED]
        original, count = handler.callback, waitables(lone)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            first, second = (
                aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED) for _ in range(2)
            )
            async with first, second:
                subscription = lone.create_subscription(Int64, "topic", lambda _: None, 10)
                assert (await anext(first)).current_count == 1
                assert (await anext(second)).current_count == 1
                await turns()
                assert len(told) == 1
                second.close()
                lone.destroy_subscription(subscription)
                assert (await anext(first)).current_count == 0
                await turns()
                assert len(told) == 2
            assert handler.callback == original
            assert waitables(lone) == count

    run(main)


@pytest.mark.parametrize("strict", [False, True], ids=["group", "default group"])
def test_the_group_of_a_callback_does_not_hold_the_stream_back(
    run: Run, context: Context, lone: Node, strict: bool
) -> None:
    """A coroutine of the group waits for the stream; the callback gets all when it has ended."""
    told: list[int] = []
    callbacks = PublisherEventCallbacks(matched=lambda event: told.append(event.current_count))

    async def main() -> None:
        group = lone.default_callback_group if strict else MutuallyExclusiveCallbackGroup()
        async with AsyncioExecutor(context=context, strict_groups=strict) as executor:
            executor.add_node(lone)
            publisher = lone.create_publisher(
                Int64, "topic", 10, event_callbacks=callbacks, callback_group=group
            )
            counts: list[int] = []
            done = asyncio.Event()

            async def callback() -> None:
                async with aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED) as events:
                    subscription = lone.create_subscription(Int64, "topic", lambda _: None, 10)
                    counts.append((await anext(events)).current_count)
                    lone.destroy_subscription(subscription)
                    counts.append((await anext(events)).current_count)
                assert told == []
                again = aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED)
                async with again:  # while the callback is behind
                    subscription = lone.create_subscription(Int64, "topic", lambda _: None, 10)
                    counts.append((await anext(again)).current_count)
                done.set()

            guard = lone.create_guard_condition(
                callback,  # type: ignore[arg-type]
                callback_group=group,
            )
            guard.trigger()
            await done.wait()
            await until(lambda: len(told) == 3)
            assert told == counts == [1, 0, 1]
            (handler,) = [h for h in publisher.event_handlers if h.event_type == PUBLISHER_MATCHED]
            assert "execute" not in vars(handler)
            # The middleware tells the handler again.
            lone.create_subscription(Int64, "topic", lambda _: None, 10)
            await until(lambda: len(told) == 4)

    run(main)


def test_a_callback_is_replaced_while_a_stream_is_open(
    run: Run, context: Context, lone: Node
) -> None:
    """As ever the next event goes to the new one, and to the stream."""
    old: list[Any] = []
    new: list[Any] = []

    async def main() -> None:
        callbacks = PublisherEventCallbacks(matched=old.append)
        publisher = lone.create_publisher(Int64, "topic", 10, event_callbacks=callbacks)
        (handler,) = [h for h in publisher.event_handlers if h.event_type == PUBLISHER_MATCHED]
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED) as events:
                handler.callback = new.append
                lone.create_subscription(Int64, "topic", lambda _: None, 10)
                assert (await anext(events)).current_count == 1
                await turns()
                assert (len(old), len(new)) == (0, 1)
            assert handler.callback == new.append

    run(main)


def test_an_entity_is_destroyed_while_a_stream_is_open(
    run: Run, context: Context, lone: Node
) -> None:
    """The stream ends, and no handler is left, neither its own nor the one beside it."""

    async def main() -> None:
        before = waitables(lone)
        callbacks = PublisherEventCallbacks(matched=lambda _: None)
        publisher = lone.create_publisher(Int64, "topic", 10, event_callbacks=callbacks)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED) as events:
                lone.destroy_publisher(publisher)
                assert [event async for event in events] == []
            assert waitables(lone) == before

    run(main)


@pytest.mark.parametrize("of_next", [SingleThreadedExecutor, AsyncioExecutor])
def test_the_next_executor_of_the_node_calls_the_callback(
    run: Run, context: Context, lone: Node, of_next: Callable[..., Executor]
) -> None:
    """The stream has ended with the one before, and somebody holds it."""
    told: list[int] = []
    callbacks = PublisherEventCallbacks(matched=lambda event: told.append(event.total_count))
    publisher = lone.create_publisher(Int64, "topic", 10, event_callbacks=callbacks)
    stream = aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            waiting = asyncio.ensure_future(anext(stream, None))
            await turns()
        assert await waiting is None

    run(main)
    executor = of_next(context=context)
    executor.add_node(lone)
    for count in (1, 2):
        lone.create_subscription(Int64, "topic", lambda _: None, 10)
        while len(told) < count:
            executor.spin_once(timeout_sec=DEADLINE_SEC)
    assert told == [1, 2]
    executor.shutdown()


def test_two_streams_share_a_handler(run: Run, context: Context, lone: Node) -> None:
    """The last one takes it away."""

    async def main() -> None:
        publisher = lone.create_publisher(Int64, "topic", 10)
        count = waitables(lone)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            first, second = (
                aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED) for _ in range(2)
            )
            async with first, second:
                assert waitables(lone) == count + 1
                lone.create_subscription(Int64, "topic", lambda _: None, 10)
                await asyncio.gather(anext(first), anext(second))
                first.close()
                assert waitables(lone) - count in (1, 3)  # with those of the subscription
            assert all(h.event_type != PUBLISHER_MATCHED for h in publisher.event_handlers)

    run(main)


def test_events_are_cancelled_at_every_point(run: Run, context: Context, lone: Node) -> None:
    """No handler is left."""

    async def once() -> None:
        publisher = lone.create_publisher(Int64, "topic", 10)
        subscription = lone.create_subscription(Int64, "topic", lambda _: None, 10)
        try:
            async for _ in aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED):
                break
        finally:
            lone.destroy_subscription(subscription)
            lone.destroy_publisher(publisher)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            def left() -> object:
                return waitables(lone), len(executor._followers)

            assert await cancel_everywhere(once, left) >= 2

    run(main)


def test_only_its_own_entities_are_watched(make_node: MakeNode) -> None:
    """Those of another node, and events of the other kind, are refused at once."""
    node, other = make_node(), make_node()
    publisher = node.create_publisher(Int64, "topic", 10)
    with pytest.raises(ValueError, match=other.get_name()):
        aiorcl.qos_events(other, publisher, PUBLISHER_MATCHED)
    with pytest.raises(TypeError, match="event of a subscription"):
        aiorcl.qos_events(node, publisher, SUBSCRIPTION_MATCHED)  # type: ignore[call-overload]


def test_incompatible_qos_is_told(run: Run, context: Context, lone: Node) -> None:
    """A publisher that offers too little: the stream hears it beside the callback of the user."""
    told: list[Any] = []
    callbacks = SubscriptionEventCallbacks(incompatible_qos=told.append)

    async def main() -> None:
        offered = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            subscription = lone.create_subscription(
                Int64, "topic", lambda _: None, 10, event_callbacks=callbacks
            )
            incompatible = QoSSubscriptionEventType.RCL_SUBSCRIPTION_REQUESTED_INCOMPATIBLE_QOS
            async with aiorcl.qos_events(lone, subscription, incompatible) as events:
                lone.create_publisher(
                    *(Int64, "topic", offered),
                    event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
                )
                assert (await anext(events)).total_count == 1
                while not told:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                assert len(told) == 1

    run(main)


async def matches(node: Node, stream: aiorcl.EventStream[Any]) -> bool:
    """Tell whether the stream hears of one more subscription."""
    subscription = node.create_subscription(Int64, "topic", lambda _: None, 10)
    try:
        async with asyncio.timeout(5):
            return bool((await anext(stream)).current_count)
    except TimeoutError:
        return False
    finally:
        node.destroy_subscription(subscription)


def close_elsewhere(stream: aiorcl.EventStream[Any]) -> None:
    """Close a stream on another thread, while this one waits."""
    thread = threading.Thread(target=stream.close)
    thread.start()
    thread.join()


@pytest.mark.parametrize("moment", ["before", "while it is opened"])
def test_another_thread_closes_the_last_stream_before_one_is_opened(
    run: Run,
    context: Context,
    lone: Node,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """At whichever moment: the new one hears of events."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publisher = lone.create_publisher(Int64, "topic", 10)
            before = waitables(lone)
            last = await aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED).__aenter__()
            stream = aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED)
            if moment == "before":
                close_elsewhere(last)
            else:
                find = qos_events._fan

                def close_and_find(*args: Any) -> Any:
                    found = find(*args)
                    close_elsewhere(last)
                    return found

                monkeypatch.setattr(qos_events, "_fan", close_and_find)
            async with stream:
                await turns()
                assert await matches(lone, stream)
            await turns()
            assert waitables(lone) == before

    run(main)


def test_another_thread_closes_a_stream_while_an_event_is_told(
    run: Run, context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others hear of it."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publisher = lone.create_publisher(Int64, "topic", 10)
            first = await aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED).__aenter__()
            put, closed = Feed.put, False

            def put_and_close(self: Feed[Any], item: Any) -> None:
                nonlocal closed
                put(self, item)
                if not closed:
                    closed = True
                    close_elsewhere(first)

            async with aiorcl.qos_events(lone, publisher, PUBLISHER_MATCHED) as second:
                monkeypatch.setattr(Feed, "put", put_and_close)
                assert await matches(lone, second)

    run(main)
