# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Messages as an async iterator: whose subscription it is, who gets what, and how it ends.

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile
from std_msgs.msg import Int64

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.talker import Talker, subscriptions, take
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from tests.support.makers import Run


def test_a_stream_yields_what_arrives(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """In the order of arrival; the subscription is there while the block is active."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.messages(lone, Int64, "topic") as stream:
                assert stream.subscription in lone.subscriptions
                talker.say(1, 2, 3)
                assert await take(stream, 3) == [1, 2, 3]
                assert stream.dropped == 0
            assert subscriptions(lone) == 0
            assert stream.closed

    run(main)


def test_a_bare_loop_destroys_the_subscription_at_break(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """Also by an exception, and by return: nobody holds the stream any more."""

    async def until(way: str) -> None:
        async for message in aiorcl.messages(lone, Int64, "topic"):
            assert subscriptions(lone) == 1
            assert message.data == 7
            if way == "return":
                return
            if way == "raise":
                raise LookupError
            break

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for way in ("break", "return", "raise"):
                task = asyncio.ensure_future(until(way))
                await turns()
                talker.say(7)
                if way == "raise":
                    with pytest.raises(LookupError):
                        await task
                else:
                    await task
                del task
                gc.collect()  # the exception holds the frames that hold the stream
                assert subscriptions(lone) == 0

    run(main)


def test_a_stream_is_closed_as_a_generator_is(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """``contextlib.aclosing`` closes it; closed, it yields nothing and is not opened again."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with contextlib.aclosing(aiorcl.messages(lone, Int64, "topic")) as stream:
                waiting = asyncio.ensure_future(take(stream, 1))
                await turns()
                talker.say(1)
                assert await waiting == [1]
            assert subscriptions(lone) == 0
            assert [message async for message in stream] == []
            with pytest.raises(RuntimeError, match="closed"):
                async with stream:
                    raise AssertionError
            stream.close()

    run(main)


def test_no_subscription_is_made_before_the_first_message_is_asked_for(
    run: Run, context: Context, lone: Node
) -> None:
    """A stream may be made anywhere: it asks for nothing until it is used."""
    stream = aiorcl.messages(lone, Int64, "topic")
    with pytest.raises(RuntimeError, match="'topic'"):
        _ = stream.subscription
    assert subscriptions(lone) == 0

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            Talker(lone).say(1)
            waiting = asyncio.ensure_future(take(stream, 1))
            await turns()
            assert subscriptions(lone) == 1
            waiting.cancel()
            await turns()
            assert subscriptions(lone) == 1  # a task that gives up does not close it
            stream.close()
            assert subscriptions(lone) == 0

    run(main)


def test_each_message_goes_to_one_of_the_tasks_that_share_a_stream(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """In the order in which they wait; a stream of its own gives each task everything."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with (
                aiorcl.messages(lone, Int64, "topic") as shared,
                aiorcl.messages(lone, Int64, "topic") as other,
            ):
                waiting = [asyncio.ensure_future(take(shared, 1)) for _ in range(3)]
                await turns()
                talker.say(1, 2, 3)
                assert await asyncio.gather(*waiting) == [[1], [2], [3]]
                assert await take(other, 3) == [1, 2, 3]

    run(main)


def test_a_message_wakes_one_task(run: Run, context: Context, lone: Node, talker: Talker) -> None:
    """The others that wait are not asked; and no task is made for it."""
    woken: list[int] = []

    async def wait(stream: aiorcl.MessageStream[Int64], number: int) -> None:
        await anext(stream)
        woken.append(number)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.messages(lone, Int64, "topic") as stream:
                waiting = [asyncio.ensure_future(wait(stream, number)) for number in range(3)]
                await turns()
                tasks = len(asyncio.all_tasks())
                talker.say(1)
                await waiting[0]
                await turns()
                assert woken == [0]
                assert len(asyncio.all_tasks()) == tasks - 1
            for task in waiting[1:]:
                with pytest.raises(StopAsyncIteration):
                    await task

    run(main)


def test_a_full_queue_loses_the_oldest_and_tells_of_it(
    run: Run, context: Context, lone: Node, talker: Talker, capfd: pytest.CaptureFixture[str]
) -> None:
    """They are counted, and the log of the node says it once, with the topic."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with (
                aiorcl.messages(lone, Int64, "topic", queue_size=2) as stream,
                aiorcl.messages(lone, Int64, "topic", queue_size=1) as newest,
            ):
                talker.say(1, 2, 3, 4, 5)
                while newest.dropped < 4 or stream.dropped < 3:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                assert await take(stream, 2) == [4, 5]
                assert await take(newest, 1) == [5]
                assert (stream.dropped, newest.dropped) == (3, 4)

    run(main)
    logged = capfd.readouterr().err
    assert logged.count("has dropped") == 1
    assert "'topic'" in logged


@pytest.mark.parametrize(
    ("qos_profile", "kept"),
    [
        (3, 3),
        (QoSProfile(depth=4), 4),
        (QoSProfile(depth=0, history=HistoryPolicy.SYSTEM_DEFAULT), 1),
        (QoSProfile(history=HistoryPolicy.KEEP_ALL), 50),
    ],
    ids=["number", "depth", "none", "all"],
)
def test_the_queue_is_as_long_as_the_history(
    run: Run, context: Context, lone: Node, qos_profile: QoSProfile | int, kept: int
) -> None:
    """Unless told otherwise; with KEEP_ALL it has no limit."""

    async def main() -> None:
        talker = Talker(lone, QoSProfile(history=HistoryPolicy.KEEP_ALL))
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.messages(lone, Int64, "topic", qos_profile) as stream:
                feed = stream._opened()
                for number in range(50):  # one by one: the middleware's history is short, too
                    talker.say(number)
                    while stream.dropped + len(feed._items) <= number:  # noqa: ASYNC110
                        await asyncio.sleep(0)
                assert stream.dropped == 50 - kept
                assert await take(stream, kept) == list(range(50 - kept, 50))

    run(main)


def test_a_queue_needs_a_place(lone: Node) -> None:
    """A queue for no message is refused where it is asked for."""
    with pytest.raises(ValueError, match="at least 1, not 0"):
        aiorcl.messages(lone, Int64, "topic", queue_size=0)


def test_cancelling_a_wait_loses_no_message(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """A task that was woken and is cancelled before it runs passes the message on."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.messages(lone, Int64, "topic") as stream:
                first, second = (asyncio.ensure_future(take(stream, 1)) for _ in range(2))
                await turns()
                feed = stream._opened()
                feed.put(Int64(data=1))  # as the executor does
                first.cancel()
                assert await second == [1]
                with pytest.raises(asyncio.CancelledError):
                    await first
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(anext(stream), 0.001)
                talker.say(2)
                assert await take(stream, 1) == [2]

    run(main)


def test_a_stream_is_cancelled_at_every_point(
    run: Run, context: Context, lone: Node, talker: Talker
) -> None:
    """Nothing is left of a loop, of a block or of next_message, wherever it is cancelled."""

    async def bare() -> None:
        asyncio.get_running_loop().call_later(0, talker.say, 1, 2)
        count = 0
        async for _ in aiorcl.messages(lone, Int64, "topic"):
            count += 1
            if count == 2:
                break

    async def block() -> None:
        async with aiorcl.messages(lone, Int64, "topic") as stream:
            talker.say(1, 2)
            await take(stream, 2)

    async def once() -> None:
        asyncio.get_running_loop().call_later(0, talker.say, 1)
        await aiorcl.next_message(lone, Int64, "topic")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            def left() -> object:
                return subscriptions(lone), len(executor._followers)

            for make in (bare, block, once):
                assert await cancel_everywhere(make, left) >= 2

    run(main)


def test_no_group_holds_a_stream_back(run: Run, context: Context, lone: Node) -> None:
    """A coroutine callback awaits a message of its own node, in strict groups; and in workers."""

    async def main() -> None:
        heard = asyncio.get_running_loop().create_future()
        release = threading.Event()

        def block() -> None:
            release.wait()

        async def callback() -> None:
            timer.cancel()
            message = await aiorcl.next_message(lone, Int64, "topic", latched)
            heard.set_result(message.data)

        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        Talker(lone, latched).say(5)
        async with AsyncioExecutor(context=context, strict_groups=True) as executor:
            executor.add_node(lone)
            lone.create_timer(0.0, block, callback_group=aiorcl.ThreadCallbackGroup(1))
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            try:
                assert await heard == 5
            finally:
                release.set()

    run(main)


def test_a_task_of_spin_iterates(context: Context, lone: Node, talker: Talker) -> None:
    """Under spin_until_future_complete, and under spin_once with the node added for each call."""

    async def three() -> list[int]:
        async with aiorcl.messages(lone, Int64, "topic") as stream:
            talker.say(1, 2, 3)
            return await take(stream, 3)

    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        task = executor.create_task(three)
        executor.spin_until_future_complete(task, timeout_sec=10)
        assert task.result() == [1, 2, 3]
        task = executor.create_task(three)
        while not task.done():
            executor.add_node(lone)
            executor.spin_once(timeout_sec=1)
            executor.remove_node(lone)
        assert task.result() == [1, 2, 3]


def test_a_stream_that_nobody_holds_is_collected_on_any_thread(
    run: Run, context: Context, lone: Node
) -> None:
    """The thread that lets go of it destroys its subscription."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            held = [aiorcl.messages(lone, Int64, "topic")]
            async with asyncio.timeout(5):
                waiting = asyncio.ensure_future(anext(held[0]))
                await turns()
                waiting.cancel()
                await turns()
            del waiting
            await asyncio.to_thread(held.clear)
            assert subscriptions(lone) == 0

    run(main)
