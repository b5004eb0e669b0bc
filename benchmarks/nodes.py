# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS nodes that do the work of each workload in the measured process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Empty

from .messages import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.client import Client
    from rclpy.publisher import Publisher
    from rclpy.service import Service
    from rclpy.timer import Timer

    from .workloads import Workload

    Numbers = np.ndarray[Any, np.dtype[np.int64]]

DEPTH = 10


class Samples(Protocol):
    """Numbers of nanoseconds, of which there are more and more."""

    def __len__(self) -> int: ...

    def __getitem__(self, where: slice, /) -> list[int] | Numbers: ...


class TaskExecutor(Protocol):
    """What the workloads want of any executor."""

    def create_task(self, callback: Callable[..., Any], /) -> object: ...

    def shutdown(self, timeout_sec: float) -> bool: ...


class MeasuredNode(Node):
    """A node whose callbacks note one number of nanoseconds each in ``samples``.

    ``ended`` tells coroutines to return.
    """

    def __init__(self) -> None:
        super().__init__("measured")
        self._noted: list[int] = []
        self.samples: Samples = self._noted
        self.ended = False

    def wait_until_connected(self) -> None:
        """Wait for the publishers and services that this process has for itself."""

    def start(self, executor: TaskExecutor) -> None:
        """Start the work; the executor is about to spin."""

    def latencies_ns(self, begin: int, end: int) -> Numbers:
        """Give the latencies of the samples from ``begin`` to ``end``."""
        return np.asarray(self.samples[begin:end])


class PingPong(MeasuredNode):
    """Two topics; each callback sends the message object that it got to the other one.

    One message is under way at a time, so the time between two callbacks is a message's latency.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ping = self.create_publisher(Int64, "ping", DEPTH)
        self.pong = self.create_publisher(Int64, "pong", DEPTH)
        self.create_subscription(Int64, "ping", self._send_back(self.pong), DEPTH)
        self.create_subscription(Int64, "pong", self._send_back(self.ping), DEPTH)

    def _send_back(self, publisher: Publisher[Int64]) -> Callable[[Int64], None]:
        note, now = self._noted.append, time.monotonic_ns

        def callback(message: Int64) -> None:
            note(now())
            publisher.publish(message)

        return callback

    def wait_until_connected(self) -> None:
        """Wait for both topics."""
        while not (self.ping.get_subscription_count() and self.pong.get_subscription_count()):
            time.sleep(0.01)

    def start(self, executor: TaskExecutor) -> None:
        """Send the first message."""
        self.ping.publish(Int64())

    def latencies_ns(self, begin: int, end: int) -> Numbers:
        """Give the times between callbacks."""
        return np.diff(self.samples[begin:end])


class CrowdedPingPong(PingPong):
    """The same beside quiet subscriptions."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(50):
            self.create_subscription(Int64, f"quiet_{number}", lambda message: None, DEPTH)


class Listener(MeasuredNode):
    """Subscriptions to ``topics`` topics whose messages carry the time of their publication."""

    def __init__(self, topics: int) -> None:
        super().__init__()
        note, now = self._noted.append, time.monotonic_ns

        def callback(message: Int64) -> None:
            note(now() - message.data)

        for number in range(topics):
            self.create_subscription(Int64, f"topic_{number}", callback, DEPTH)


class Receiver(MeasuredNode):
    """A subscription to messages whose header carries the time of their publication."""

    def __init__(self, message_class: type) -> None:
        super().__init__()
        self.message_class = message_class
        note, now = self._noted.append, time.monotonic_ns

        def callback(message: Any) -> None:
            stamp = message.header.stamp
            note(now() - stamp.sec * 1_000_000_000 - stamp.nanosec)

        self.create_subscription(message_class, "topic_0", callback, DEPTH)


class Caller(MeasuredNode):
    """A service and a coroutine that calls it again as soon as it has answered."""

    def __init__(self) -> None:
        super().__init__()
        self.service: Service[Any, Any] = self.create_service(
            Empty, "answer", lambda request, response: response
        )
        self.client: Client[Any, Any] = self.create_client(Empty, "answer")

    def wait_until_connected(self) -> None:
        """Wait for the service."""
        if not self.client.wait_for_service(timeout_sec=10.0):
            raise TimeoutError("Service '/answer' did not appear within 10 s")

    def start(self, executor: TaskExecutor) -> None:
        """Give the coroutine to the executor."""
        executor.create_task(self._call_again)

    async def _call_again(self) -> None:
        note, now, call = self._noted.append, time.monotonic_ns, self.client.call_async
        while not self.ended:
            called = now()
            await call(Empty.Request())
            note(now() - called)


class Ticker(MeasuredNode):
    """A timer of 1 kHz; a latency is the distance of an interval from its period."""

    PERIOD_NS = 1_000_000

    def __init__(self) -> None:
        super().__init__()
        note, now = self._noted.append, time.monotonic_ns
        self.create_timer(self.PERIOD_NS / 1e9, lambda: note(now()))

    def latencies_ns(self, begin: int, end: int) -> Numbers:
        """Give each interval's distance from the period."""
        intervals: Numbers = np.diff(self.samples[begin:end])
        return np.abs(intervals - self.PERIOD_NS)


class Maker(MeasuredNode):
    """A task after the other makes a timer and destroys it, beside ``others`` that are never due.

    On steady time: on ROS time rcl looks through all timers of a clock for each.
    """

    NEVER_SEC = 1e6

    def __init__(self, others: int) -> None:
        super().__init__()
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        for _ in range(others):
            self._make()

    def _make(self) -> Timer:
        return self.create_timer(self.NEVER_SEC, lambda: None, clock=self.steady)

    def start(self, executor: TaskExecutor) -> None:
        """Give the first task to the executor."""
        note, now, make, destroy = (
            self._noted.append,
            time.monotonic_ns,
            self._make,
            self.destroy_timer,
        )

        def make_again() -> None:
            began = now()
            destroy(make())
            note(now() - began)
            if not self.ended:
                executor.create_task(make_again)

        executor.create_task(make_again)


class Idler(MeasuredNode):
    """50 subscriptions that get nothing, and 10 timers of one second."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(50):
            self.create_subscription(Int64, f"silent_{number}", lambda message: None, DEPTH)
        for _ in range(10):
            self.create_timer(1.0, lambda: self._noted.append(0))


def make_node(workload: Workload) -> MeasuredNode:
    """Make the node that a workload names."""
    if workload.traffic is not None:
        if workload.node == "listener":
            return Listener(workload.traffic.topics)
        return Receiver(type(SAMPLES[workload.traffic.message]()))
    if workload.node == "maker":
        return Maker(workload.others)
    kinds = {
        "ping_pong": PingPong,
        "crowded_ping_pong": CrowdedPingPong,
        "caller": Caller,
        "ticker": Ticker,
        "idler": Idler,
    }
    return kinds[workload.node]()
