# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A clock that the test sets."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rclpy.clock_type import ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.time import Time
from rosgraph_msgs.msg import Clock

from aiorcl._coroutines.arguments import check, checked_seconds
from aiorcl._coroutines.readiness import subscribers_ready
from aiorcl._loop.clock import AsyncioClock
from aiorcl._serving.followers import EntityGoneError

if TYPE_CHECKING:
    from typing import Self


_AGAIN_SEC = (0.01, 0.1, 1.0)

# The first time that a message cannot hold.
_END_SEC = 2.0**31


class SimulatedClock:
    """Publishes ``/clock``: ROS time of the nodes that follow it stands still unless the test says.

    ``async with SimulatedClock(node, followers) as clock:``, with nodes that were made with the
    parameter ``use_sim_time``. When ``advance`` returns, the clocks of these nodes show the new
    time, and their timers are due; those of other processes follow when they hear of it.

    :param node: a node that an `AsyncioExecutor` serves on the running loop; it publishes.
    :param followers: nodes on an executor that runs in this process; the block raises
        ``RuntimeError`` for one that is on none.
    :param start: the time at the beginning, in seconds.
    :raises ValueError: if a follower has no ``use_sim_time``, or there is no such time.
    :raises TypeError: if an argument is of the wrong kind.
    """

    def __init__(self, node: Node, *followers: Node, start: float = 1.0) -> None:
        check(node, Node, "SimulatedClock()", "a node")
        for follower in followers:
            check(follower, Node, "SimulatedClock()", "nodes that follow the clock")
            clock: Any = follower.get_clock()  # a ROSClock, which rclpy does not say
            if not clock.ros_time_is_active:
                name = follower.get_fully_qualified_name()
                raise ValueError(
                    f"SimulatedClock(): node '{name}' does not follow /clock: make it with "
                    "parameter_overrides=[Parameter('use_sim_time', value=True)]"
                )
        self._node = node
        self._followers = followers
        self._clocks = [AsyncioClock(follower.get_clock()) for follower in followers]
        takes = "SimulatedClock() takes a time in seconds as start, from 0 to 2**31"
        start = checked_seconds(start, takes, below=_END_SEC)
        self._now = Time(seconds=start, clock_type=ClockType.ROS_TIME)
        self._publisher: Publisher[Clock] | None = None  # while the block is active

    async def __aenter__(self) -> Self:
        for follower in self._followers:
            if _is_on_none(follower):
                raise RuntimeError(
                    f"SimulatedClock(): node '{follower.get_fully_qualified_name()}' would never "
                    "hear of /clock: add it to an executor"
                )
        if self._publisher is not None:
            raise RuntimeError("SimulatedClock(): the block is entered already")
        self._publisher = self._node.create_publisher(Clock, "/clock", 10)
        try:
            if self._clocks:
                await subscribers_ready(self._publisher, len(self._clocks))
            await self._publish()
        except BaseException:
            self._end()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            self._node.destroy_publisher(publisher)

    def now(self) -> Time:
        """Return the time that was set."""
        return self._now

    async def advance(self, seconds: float) -> None:
        """Let time pass; return when the followers know.

        :param seconds: 0 or more.
        :raises RuntimeError: outside of ``async with``.
        :raises EntityGoneError: if a follower was destroyed, or is on no executor any more, as that
            has ended or the node was removed.
        :raises ValueError: if it is negative, or there is no such time.
        :raises TypeError: if it is no number.
        """
        takes = "SimulatedClock.advance() takes seconds that pass, to a time before 2**31"
        passed = checked_seconds(seconds, takes, below=_END_SEC - self._now.nanoseconds / 1e9)
        self._open_publisher()
        self._now += Duration(nanoseconds=round(passed * 1e9))
        await self._publish()

    def _open_publisher(self) -> Publisher[Clock]:
        if self._publisher is None:
            raise RuntimeError(
                "SimulatedClock.advance(): time passes in the block only: enter it by 'async with'"
            )
        return self._publisher

    async def _publish(self) -> None:
        # Again until all know: who follows /clock takes what comes, and a reader that has matched a
        # moment ago, as this side sees it, may have lost the first.
        for patience in itertools.chain(_AGAIN_SEC, itertools.repeat(_AGAIN_SEC[-1])):
            self._open_publisher().publish(Clock(clock=self._now.to_msg()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    for clock in self._clocks:
                        await clock.sleep_until_async(self._now)
                    return
            for follower in self._followers:
                if _is_on_none(follower):
                    raise EntityGoneError(
                        f"Node '{follower.get_fully_qualified_name()}' hears no more of /clock: it "
                        "is on no executor"
                    )


def _is_on_none(node: Node) -> bool:
    executor = node.executor  # the last one, of rclpy's
    return executor is None or all(node is not each for each in executor.get_nodes())
