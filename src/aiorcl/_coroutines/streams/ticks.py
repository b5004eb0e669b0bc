# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Ticks of a timer, as an async iterator."""

from __future__ import annotations

import asyncio
import weakref
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rclpy.clock import Clock
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node

from aiorcl._coroutines.arguments import LONGEST_SEC, check, checked_seconds
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._loop.clock import check_clock_goes_on, follow_clock
from aiorcl._rclpy.missing import TimerInfo
from aiorcl._serving.registry import served_node_here
from aiorcl._tasks.groups import LoopCallbackGroup

if TYPE_CHECKING:
    from rclpy.time import Time
    from rclpy.timer import Timer


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick of `aiorcl.ticks`."""

    #: When it was due, on the clock of the timer.
    expected_call_time: Time
    #: When the timer was called: later than that, but not when the task took the tick.
    actual_call_time: Time
    #: How many ticks have come to nothing since the one before: because the loop was held up, the
    #: clock jumped ahead, or no task was there to take them.
    missed: int


class _TickFeed(Feed[Tick]):
    """Keeps one tick, into which later ones are merged."""

    def __init__(self) -> None:
        super().__init__(limit=1)
        self._timer: weakref.ref[Timer] | None = None

    def tell_of(self, timer: Timer) -> None:
        """Take the ticks of this timer, which holds the feed."""
        self._timer = weakref.ref(timer)

    def called(self, info: TimerInfo) -> None:
        """The callback of the timer."""
        expected, actual = info.expected_call_time, info.actual_call_time
        missed = 0
        period_ns = self._period_ns()
        if period_ns > 0:
            missed = max(0, actual.nanoseconds - expected.nanoseconds) // period_ns
        if self._items:
            missed += self._items[0].missed + 1
        self.put(Tick(expected, actual, missed))

    def _period_ns(self) -> int:
        """Return the period by which rcl has just set the next tick: it may be changed any time."""
        timer = self._timer() if self._timer is not None else None
        try:
            return 0 if timer is None else timer.timer_period_ns
        except InvalidHandle:  # destroyed on another thread
            return 0

    called.__annotations__["info"] = TimerInfo  # by which executors know what to hand over


class TickStream(Stream[Tick]):
    """The ticks of a timer; made by `aiorcl.ticks`."""

    def __init__(self, node: Node, period_sec: float, clock: Clock | None) -> None:
        self._closed = True  # until it is whole
        self._node = node
        self._period_sec = period_sec
        self._clock = clock
        self._timer: Timer | None = None
        super().__init__()

    def __repr__(self) -> str:
        return f"<TickStream of {self._period_sec} s{' (closed)' if self._closed else ''}>"

    @property
    def timer(self) -> Timer:
        """The timer of the stream: to reset it, or to change its period.

        :raises RuntimeError: before the stream was opened, by ``async with`` or the first tick.
        """
        if self._timer is None:
            raise RuntimeError("The stream of ticks is not open yet: enter it by 'async with'")
        return self._timer

    def _open(self) -> Feed[Tick]:
        served_node = served_node_here(self._node)
        if self._clock is not None:
            check_clock_goes_on(self._clock)
        feed = _TickFeed()
        self._timer = self._node.create_timer(
            *(self._period_sec, feed.called),
            callback_group=LoopCallbackGroup(),
            clock=self._clock,
        )
        feed.owns(partial(self._node.destroy_timer, self._timer))
        feed.tell_of(self._timer)
        feed.follow(served_node.serving, self._timer, self._node)
        if self._clock is not None:  # which may be that of another node
            loop = asyncio.get_running_loop()
            follower = follow_clock(self._clock, loop, lambda error: feed.gone(str(error)))
            feed.owns(follower.close)
        return feed


def ticks(node: Node, period_sec: float, *, clock: Clock | None = None) -> TickStream:
    """Return a tick for each period: ``async for tick in aiorcl.ticks(node, 0.1)``.

    The first comes one period after the stream is opened, and they keep their phase: a task that
    takes long delays none of the later ones. However late it comes, one tick waits for it, which
    says how many it has ``missed``.

    By default on the node's clock: with ``use_sim_time`` the ticks follow ``/clock``, as the timers
    of the node do. A jump ahead over many periods is one tick, and after a jump back the next comes
    a period after the time that was jumped to. A clock that stands still brings none.

    :param period_sec: in seconds of the clock; 0 for as often as the loop turns.
    :param clock: another clock, for example one of steady time. With that of another node they end
        when that node is destroyed, as nobody sets it any more; once it is, opening the stream
        raises `EntityGoneError`.
    :raises ValueError: if the period is negative or infinite.
    :raises TypeError: if an argument is of the wrong kind.
    """
    check(node, Node, "aiorcl.ticks()", "a node")
    takes = f"aiorcl.ticks() takes a period in seconds, 0 or more and less than {LONGEST_SEC:.3g}"
    period = checked_seconds(period_sec, takes, below=LONGEST_SEC)
    if clock is not None:
        check(clock, Clock, "aiorcl.ticks()", "a clock of rclpy, such as node.get_clock()")
    return TickStream(node, period, clock)
