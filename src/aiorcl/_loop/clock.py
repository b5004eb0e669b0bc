# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""AsyncioClock: a clock of rclpy that asyncio tasks can sleep on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import rclpy.exceptions

from aiorcl._loop.alarms import alarms_of

if TYPE_CHECKING:
    from rclpy.clock import Clock
    from rclpy.clock_type import ClockType
    from rclpy.duration import Duration
    from rclpy.time import Time

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

    A sleep that is cancelled leaves nothing behind. It does not notice that the context is shut
    down, unless it runs in a task or a callback of an executor, which is cancelled then.

    :param clock: for example ``node.get_clock()``.
    """

    def __init__(self, clock: Clock) -> None:
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
        """
        await self._sleep_until(self._clock.now().nanoseconds + duration.nanoseconds)

    async def sleep_until_async(self, until: Time) -> None:
        """Return when this clock has reached ``until``, also by a jump; never before.

        A time that has passed already lets the loop turn once.

        :raises TimeSourceChangedError: if ROS time is switched on or off meanwhile.
        :raises ValueError: if ``until`` is of another type than the clock.
        """
        if until.clock_type != self._clock.clock_type:
            raise ValueError(
                f"A time of {self._clock.clock_type.name} was expected, got {until!r}: "
                "make it from now() of this clock"
            )
        await self._sleep_until(until.nanoseconds)

    async def _sleep_until(self, until_ns: int) -> None:
        if self._clock.now().nanoseconds >= until_ns:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[bool] = loop.create_future()

        def wake(source_changed: bool) -> None:
            if not woken.done():
                woken.set_result(source_changed)

        alarm = alarms_of(loop).set(self._clock, until_ns, wake)
        try:
            source_changed = await woken
        finally:
            alarm.close()
        if source_changed:
            raise TimeSourceChangedError(
                "ROS time was switched on or off during a sleep; look at now() and decide how long "
                "to sleep on"
            )
