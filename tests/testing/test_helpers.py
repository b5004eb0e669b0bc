# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What tests of ROS programs need: recording, playing, and a clock that the test sets.

from __future__ import annotations

import asyncio
import functools
import itertools
import math
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image
from std_msgs.msg import Int64, String

from aiorcl import AsyncioExecutor, EntityGoneError, testing
from aiorcl.testing import SimulatedClock, play, record
from aiorcl.testing import playing as playing_module

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from tests.support.makers import MakeNode, Run

    Body = Callable[[AsyncioExecutor], Coroutine[Any, Any, None]]
    Serve = Callable[[Body], None]


@pytest.fixture
def serve(run: Run, context: Context, lone: Node) -> Serve:
    """Run a coroutine function while an executor serves the node."""

    def serve(body: Body) -> None:
        async def main() -> None:
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(lone)
                await body(executor)

        run(main)

    return serve


def test_a_recorder_misses_nothing_between_waits(serve: Serve, lone: Node) -> None:
    """Each wait goes on behind what the last one has returned; all that came is kept."""

    async def body(_: AsyncioExecutor) -> None:
        publisher = lone.create_publisher(Int64, "topic", 100)
        async with record(lone, Int64, "topic", 100) as recorder:
            for number in range(50):
                publisher.publish(Int64(data=number))
            assert (await recorder.wait_for(lambda message: message.data % 7 == 6)).data == 6
            assert (await recorder.wait_for()).data == 7
            assert (await recorder.wait_for(lambda message: message.data > 40)).data == 41
            assert [message.data for message in recorder.messages] == list(range(42))

    serve(body)


def test_a_wait_that_is_over_says_what_came(serve: Serve, lone: Node) -> None:
    """In a note of the traceback of the TimeoutError."""

    async def body(_: AsyncioExecutor) -> None:
        publisher = lone.create_publisher(Int64, "topic", 10)
        async with record(lone, Int64, "topic") as recorder:
            publisher.publish(Int64(data=3))
            publisher.publish(Int64(data=4))
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.05):
                    await recorder.wait_for(lambda message: message.data == 5)
            (note,) = caught.value.__cause__.__notes__
            assert "'topic': 2 came that did not fit; the last was" in note
            assert "data=4" in note

    serve(body)


def test_several_wait_at_once(serve: Serve, lone: Node) -> None:
    """What one of them waits for another one has taken; and one that is cancelled takes nothing."""

    def is_number(number: int, message: Int64) -> object:
        return message.data == number

    async def body(_: AsyncioExecutor) -> None:
        publisher = lone.create_publisher(Int64, "topic", 10)
        async with record(lone, Int64, "topic") as recorder:
            waiting = [
                asyncio.create_task(recorder.wait_for(functools.partial(is_number, number)))
                for number in (4, 2, 1)
            ]
            await asyncio.sleep(0)  # they wait
            for number in (1, 2, 3):
                publisher.publish(Int64(data=number))
            assert (await waiting[2]).data == 1
            assert (await waiting[1]).data == 2
            waiting[0].cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting[0]
            assert (await recorder.wait_for()).data == 3
            assert [message.data for message in recorder.messages] == [1, 2, 3]

    serve(body)


def test_a_large_message_is_cut_short(serve: Serve, lone: Node) -> None:
    """In what a wait says that is over: a traceback of megabytes is read by nobody."""

    async def body(_: AsyncioExecutor) -> None:
        publisher = lone.create_publisher(Image, "topic", 1)
        async with record(lone, Image, "topic") as recorder:
            publisher.publish(Image(height=1000, width=1000, data=b"\x7b" * 1_000_000))
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.05):
                    await recorder.wait_for(lambda message: False)
            (note,) = caught.value.__cause__.__notes__
            assert "1 came that did not fit; the last was sensor_msgs.msg.Image(header=" in note
            assert "height=1000, width=1000" in note
            assert len(note) < 1000

    serve(body)


def test_a_wait_ends_with_the_executor(serve: Serve, lone: Node) -> None:
    """Instead of waiting in vain."""

    async def body(executor: AsyncioExecutor) -> None:
        async with record(lone, Int64, "topic") as recorder:
            executor.create_task(executor.shutdown, 0)
            with pytest.raises(EntityGoneError, match="No message of 'topic'"):
                await recorder.wait_for()

    serve(body)


def test_messages_are_played_in_their_order(serve: Serve, lone: Node) -> None:
    """On several topics, when somebody listens; it returns when the last has arrived."""
    heard: list[object] = []
    all_heard = asyncio.Event()

    def hear(message: Int64 | String) -> None:
        heard.append(message.data)
        if len(heard) == 3:
            all_heard.set()

    lone.create_subscription(Int64, "numbers", hear, 10)
    lone.create_subscription(String, "words", hear, 10)

    async def body(_: AsyncioExecutor) -> None:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        tape = [
            (10.0, "numbers", Int64(data=1)),
            (10.2, "words", String(data="two")),
            (10.4, "numbers", Int64(data=3)),
        ]
        await play(lone, tape, rate=10)
        assert loop.time() - begin >= 0.04
        await all_heard.wait()
        assert heard == [1, "two", 3]
        assert lone.count_publishers("numbers") == 0

    serve(body)


def test_a_subscriber_that_stands_still_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, lone: Node
) -> None:
    """Rclpy holds the GIL while it waits for it, in whatever thread."""
    waited: list[int] = []

    def wait_for_all_acked(_: object, timeout: Duration) -> bool:
        waited.append(timeout.nanoseconds)
        return False

    monkeypatch.setattr(Publisher, "wait_for_all_acked", wait_for_all_acked)
    lone.create_subscription(Int64, "topic", lambda message: None, 10)
    tape = [(0.0, "topic", Int64())]

    async def body(_: AsyncioExecutor) -> None:
        playing = asyncio.create_task(play(lone, tape))
        while not waited:  # noqa: ASYNC110  # of rclpy's own method
            await asyncio.sleep(0)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        monkeypatch.setattr(playing_module, "_ACKNOWLEDGED_SEC", 0.01)
        with pytest.raises(TimeoutError, match=r"'topic' has not got the last messages in 0\.01 s"):
            await play(lone, tape)

    serve(body)
    assert set(waited) == {0}


WRONG_RATES = (0.0, -1, math.nan, -(10**400), "2", None, b"2", float, [1.0])


@pytest.mark.parametrize(
    ("tape", "rate", "words"),
    [
        ([(1.0, "topic", Int64()), (0.5, "topic", Int64())], 1.0, "order of their times"),
        *(
            ([(time, "topic", Int64())], 1.0, "order of their times, which are finite")
            for time in (math.nan, math.inf, -math.inf, 10**400, -(10**400))
        ),
        *(([], rate, r"^play\(\) takes a positive rate, not ") for rate in WRONG_RATES),
        *((tape, 1.0, r"^play\(\) takes a list of messages, each .*, not ") for tape in (3, None)),
        ([(1.0, "topic")], 1.0, "a time, a topic and a message of each"),
        *(
            ([(time, "topic", Int64())], 1.0, "times in seconds")
            for time in ("1", None, float, Duration(seconds=1))
        ),
        ([(1.0, 2.0, Int64())], 1.0, "the name of a topic"),
        ([(1.0, "topic", "text")], 1.0, "a message class"),
        (
            [(1.0, "topic", Int64()), (1.0, "topic", String())],
            *(1.0, "one type for 'topic': std_msgs.msg.Int64 came first, and then std_msgs"),
        ),
    ],
    ids=itertools.count(),
)
def test_what_cannot_be_played(
    serve: Serve, lone: Node, tape: Any, rate: float, words: str
) -> None:
    """It is said before anything is published."""

    async def body(_: AsyncioExecutor) -> None:
        with pytest.raises((ValueError, TypeError), match=words):
            await play(lone, tape, rate=rate)

    serve(body)


def test_wrong_arguments_are_refused(serve: Serve, lone: Node) -> None:
    """At the call, which is named, with what it takes."""
    untyped: Any = testing
    record = functools.partial(untyped.record, lone)
    rows: list[tuple[str, Callable[[], Any]]] = [
        ("play() takes a node, not None", lambda: untyped.play(None, [])),
        ("play() takes a QoSProfile, or", lambda: untyped.play(lone, [], qos_profile="1")),
        ("play() takes a depth of 0 or more", lambda: untyped.play(lone, [], qos_profile=-1)),
        ("SimulatedClock() takes a node, not ", lambda: untyped.SimulatedClock(None)),
        ("SimulatedClock() takes nodes that foll", lambda: untyped.SimulatedClock(lone, None)),
        ("record() takes a node, not ", lambda: untyped.record(None, Int64, "topic")),
        ("record() takes a message class, ", lambda: record(str, "topic")),
        ("record() takes the name of a topic as a", lambda: record(Int64, 5)),
        ("record() takes a QoSProfile, or the", lambda: record(Int64, "topic", "1")),
        ("record() takes a depth of 0 or more", lambda: record(Int64, "topic", -1)),
    ]
    for start in ("1", None, float, math.nan, math.inf, -1, 2**31, 10**400):
        words = "SimulatedClock() takes a time in seconds as start, from 0 to 2**31, not "
        rows.append((words, functools.partial(untyped.SimulatedClock, lone, start=start)))

    async def body(_: AsyncioExecutor) -> None:
        async with (
            untyped.SimulatedClock(lone, start=1) as clock,
            untyped.record(lone, Int64, "topic") as recorder,
        ):
            words = "wait_for() takes a function as predicate"
            rows.append((words, functools.partial(recorder.wait_for, 5)))
            words = "SimulatedClock.advance() takes seconds that pass, to a time before 2**31, not "
            no_seconds = ("1", None, Duration(seconds=1), math.nan, math.inf, -1.0, 2**31 - 1)
            rows.extend((words, functools.partial(clock.advance, each)) for each in no_seconds)
            for words, call in rows:
                with pytest.raises((TypeError, ValueError)) as refused:
                    await call()
                assert str(refused.value).startswith(words)
            assert clock.now().nanoseconds == 1_000_000_000

    serve(body)


def test_time_passes_in_the_block_only(serve: Serve, lone: Node) -> None:
    """Before it and after it that is said; it may be entered again, but not twice at a time."""

    async def body(_: AsyncioExecutor) -> None:
        clock = SimulatedClock(lone, start=1)
        for _time in range(2):
            with pytest.raises(RuntimeError, match=r"advance\(\).*: enter it by 'async with'$"):
                await clock.advance(1.0)
            async with clock:
                await clock.advance(1)
                with pytest.raises(RuntimeError, match="entered already"):
                    await clock.__aenter__()
        assert clock.now().nanoseconds == 3_000_000_000
        assert lone.count_publishers("/clock") == 0

    serve(body)


def test_time_passes_when_the_test_says(serve: Serve, lone: Node, make_node: MakeNode) -> None:
    """Clocks show it when ``advance`` returns, and timers tick by it."""
    overrides = [Parameter("use_sim_time", value=True)]
    followers = [make_node(parameter_overrides=overrides) for _ in range(2)]

    async def body(executor: AsyncioExecutor) -> None:
        for follower in followers:
            executor.add_node(follower)
        ticks: list[int] = []
        ticked = asyncio.Event()
        async with SimulatedClock(lone, *followers, start=100.0) as clock:

            def tick() -> None:
                ticks.append(followers[0].get_clock().now().nanoseconds)
                ticked.set()

            followers[0].create_timer(1.0, tick)
            for _ in range(3):
                await clock.advance(0.25)
                times = [follower.get_clock().now() for follower in followers]
                assert times == [clock.now(), clock.now()]
            assert ticks == []
            await clock.advance(0.25)
            await ticked.wait()
            assert ticks == [101_000_000_000]
            with pytest.raises(ValueError, match="seconds that pass"):
                await clock.advance(-1.0)

    serve(body)


def test_a_node_that_does_not_follow_is_named(lone: Node) -> None:
    """Its clock would never show the time."""
    with pytest.raises(ValueError, match=f"{lone.get_fully_qualified_name()}.*use_sim_time"):
        SimulatedClock(lone, lone)


def test_a_follower_on_no_executor_is_named(serve: Serve, lone: Node, make_node: MakeNode) -> None:
    """Nobody would tell it of the time."""
    alone = make_node(parameter_overrides=[Parameter("use_sim_time", value=True)])

    async def body(_: AsyncioExecutor) -> None:
        with pytest.raises(RuntimeError, match=f"{alone.get_name()}.* add it to an executor"):
            async with SimulatedClock(lone, alone):
                raise AssertionError
        assert lone.count_publishers("/clock") == 0

    serve(body)


@pytest.mark.parametrize("how", ["removed", "ended", "destroyed"])
def test_a_follower_that_goes_is_named(
    serve: Serve, lone: Node, make_node: MakeNode, context: Context, how: str
) -> None:
    """Its clock never shows the time that passes then."""
    follower = make_node(parameter_overrides=[Parameter("use_sim_time", value=True)])
    name = follower.get_fully_qualified_name()

    async def body(_: AsyncioExecutor) -> None:
        other = AsyncioExecutor(context=context)
        other.add_node(follower)
        await other.start()
        async with SimulatedClock(lone, follower) as clock:
            await clock.advance(1)
            if how == "ended":
                await other.stop()
            elif how == "removed":
                other.remove_node(follower)
            else:
                follower.destroy_node()
            with pytest.raises(EntityGoneError, match=f"'{name}'"):
                await clock.advance(1)
        if how != "ended":
            await other.stop()

    serve(body)
