# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""AsyncioClock: a clock of rclpy that asyncio tasks can sleep on."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rclpy.exceptions
from rclpy.clock import Clock
from rclpy.duration import Duration
from rclpy.time import Time

from aiorcl._loop.alarms import alarms_of
from aiorcl._loop.aside import loop_here
from aiorcl._loop.by_identity import ByIdentity

if TYPE_CHECKING:
    from rclpy.clock_type import ClockType

    _TimeSourceChangedError = RuntimeError
else:  # that of newer rclpy, so that code which catches it catches ours
    _TimeSourceChangedError = getattr(rclpy.exceptions, "TimeSourceChangedError", RuntimeError)


class TimeSourceChangedError(_TimeSourceChangedError):
    """ROS time was switched on or off during a sleep: the time to wait for has lost its meaning."""


class AsyncioClock:
    """Sleeps on a clock of rclpy: of steady, system or ROS time, simulated or not.

    Any number of tasks may sleep, on any event loop, with or without an `AsyncioExecutor`. Nothing
    polls: on steady and system time a timer of the kernel ends a sleep, tens of microseconds late
    and never early; while ROS time follows ``/clock``, whoever sets the clock does, from any
    thread. (``/clock`` arrives only while an executor runs the node whose clock this is.)

    The clock of a node goes on while the node exists, whichever executor it is on, and on none: a
    sleep on it that is under way when the node is destroyed, from any thread, or begins after that,
    raises `EntityGoneError`, on every type of clock.

    A sleep that is cancelled leaves nothing behind. It does not notice that the context is shut
    down, unless it runs in a task or a callback of an executor, which is cancelled then.

    :param clock: for example ``node.get_clock()``.
    """

    def __init__(self, clock: Clock) -> None:
        if not isinstance(clock, Clock):
            raise TypeError(
                f"AsyncioClock() takes a clock of rclpy, such as node.get_clock(), not {clock!r}"
            )
        self._clock = clock

    def __repr__(self) -> str:
        return f"AsyncioClock({self._clock!r})"

    @property
    def clock(self) -> Clock:
        """The clock of rclpy."""
        return self._clock

    @property
    def clock_type(self) -> ClockType:
        """The type of the clock, which the times given to ``sleep_until_async`` must have."""
        return self._clock.clock_type

    def now(self) -> Time:
        """Return the time of the clock. Any thread."""
        return self._clock.now()

    async def sleep_for_async(self, duration: Duration) -> None:
        """Return when ``duration`` has passed on this clock, as ``sleep_until_async`` would.

        It sleeps until ``now() + duration``: a jump back makes it longer, as it does in rclpy.

        :raises TimeSourceChangedError: if ROS time is switched on or off meanwhile.
        :raises EntityGoneError: if the node whose clock this is is destroyed; or if its executor
            ends, and ROS time has stood still for a second.
        :raises OverflowError: if the clock can never show that time.
        :raises TypeError: if ``duration`` is none.
        """
        if not isinstance(duration, Duration):
            raise TypeError(
                "sleep_for_async() takes a rclpy.duration.Duration, such as Duration(seconds=0.5), "
                f"not {duration!r}"
            )
        await self._sleep_until((self._clock.now() + duration).nanoseconds)

    async def sleep_until_async(self, until: Time) -> None:
        """Return when this clock has reached ``until``, also by a jump; never before.

        A time that has passed already lets the loop turn once.

        :raises TimeSourceChangedError: if ROS time is switched on or off meanwhile.
        :raises EntityGoneError: if the node whose clock this is is destroyed; or if its executor
            ends, and ROS time has stood still for a second.
        :raises ValueError: if ``until`` is of another type than the clock.
        :raises TypeError: if ``until`` is no time.
        """
        if not isinstance(until, Time):
            raise TypeError(
                "sleep_until_async() takes a rclpy.time.Time, such as now() + "
                f"Duration(seconds=0.5), not {until!r}"
            )
        if until.clock_type != self._clock.clock_type:
            raise ValueError(
                f"A time of {self._clock.clock_type.name} was expected, got {until!r}: "
                "make it from now() of this clock"
            )
        await self._sleep_until(until.nanoseconds)

    async def _sleep_until(self, until_ns: int) -> None:
        clock = self._clock
        check_clock_goes_on(clock)
        if clock.now().nanoseconds >= until_ns:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[bool] = loop.create_future()

        def wake(source_changed: bool) -> None:
            if not woken.done():
                woken.set_result(source_changed)

        def end(error: Exception) -> None:
            if not woken.done():
                woken.set_exception(error)

        alarms = alarms_of(loop)
        alarm = alarms.set(clock, until_ns, wake)
        follower = follow_clock(clock, loop, end)
        try:
            source_changed = await woken
        finally:
            alarms.clear(alarm)
            follower.close()
        if source_changed:
            raise TimeSourceChangedError(
                "ROS time was switched on or off during a sleep; look at now() and decide how long "
                "to sleep on"
            )


class ClockFollower:
    """Who is told when a clock ends, on the thread of a loop; made by `follow_clock`.

    For as long as somebody holds it. The task that has made it is known, if one has.
    """

    def __init__(
        self, clock: Clock, loop: asyncio.AbstractEventLoop, end: Callable[[Exception], None]
    ) -> None:
        self._clock = clock
        self._loop = loop
        self._end = end
        here = loop_here()
        task = None if here is None else asyncio.current_task(here)
        self._task = None if task is None else weakref.ref(task)  # whose coroutine may hold this
        self._reference: weakref.ref[ClockFollower] = weakref.ref(self)
        _followers.setdefault(clock, set()).add(self._reference)

    def is_on(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Tell whether it is told on the thread of this loop."""
        return self._loop is loop

    def task(self) -> asyncio.Task[Any] | None:
        """Return the task that has made it, if that is there yet."""
        return None if self._task is None else self._task()

    def tell(self, error: Callable[[], Exception]) -> None:
        """Hand over an error. Any thread."""
        try:
            self._loop.call_soon_threadsafe(self._end, error())
        except RuntimeError:
            pass  # the loop is closed: nobody waits any more

    def close(self) -> None:
        """Follow no more. Any thread."""
        (_followers.get(self._clock) or set()).discard(self._reference)


# Of each clock, and what makes the error once it has ended. Weakly: who follows knows a loop, which
# may be closed while it waits.
_followers: ByIdentity[Clock, set[weakref.ref[ClockFollower]]] = ByIdentity()
_ended: ByIdentity[Clock, Callable[[], Exception]] = ByIdentity()


def follow_clock(
    clock: Clock, loop: asyncio.AbstractEventLoop, end: Callable[[Exception], None]
) -> ClockFollower:
    """Have ``end`` called with an error, on the loop, when nobody sets a clock any more, or now."""
    follower = ClockFollower(clock, loop, end)
    if clock in _ended:  # perhaps on another thread, which did not see this one
        follower.tell(_ended[clock])
    return follower


def check_clock_goes_on(clock: Clock) -> None:
    """Raise the error of a clock that has ended."""
    if clock in _ended:
        raise _ended[clock]()


def end_clock(clock: Clock, error: Callable[[], Exception]) -> None:
    """Let an error reach whoever follows a clock, now or later: nobody sets it. Any thread."""
    _ended[clock] = error
    for follower in _followers_of(clock):
        follower.tell(error)


def give_up_sleeps(
    clock: Clock,
    loop: asyncio.AbstractEventLoop,
    error: Callable[[], Exception],
    of: Callable[[asyncio.Task[Any] | None], bool],
) -> None:
    """Let an error reach whoever follows a clock on this loop now. Any thread.

    :param of: tells of a task, or of none that is known, whether its sleeps are given up.
    """
    for follower in _followers_of(clock):
        if follower.is_on(loop) and of(follower.task()):
            follower.tell(error)


def _followers_of(clock: Clock) -> list[ClockFollower]:
    found = [reference() for reference in list(_followers.get(clock) or ())]
    return [follower for follower in found if follower is not None]
