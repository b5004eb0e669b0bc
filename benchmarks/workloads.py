# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The workloads: what each one does, what is counted, and what publishes to it from outside.

The parent and the measured processes both read this table, so it imports no ROS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: Of the executor, or of rclpy: ``rclpy.spin(node, executor)`` calls ``spin_once`` on and on, and
#: ``rclpy.spin_once(node, executor=executor)`` also adds and removes the node each time.
Way: TypeAlias = Literal["spin", "rclpy.spin", "rclpy.spin_once"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a publishing process of its own sends: ``rate`` over all ``topics``, 0 for a flood.

    ``message`` is a name of ``messages.SAMPLES``.
    """

    topics: int
    rate: int
    message: str = "Int64"


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing that is measured; ``node`` names the class in ``nodes.py`` that does it.

    ``way`` is the call by which the executor runs; ``without`` are executors that cannot do it;
    ``others`` is how many more entities the node has, to which nothing happens.
    """

    name: str
    title: str
    node: str
    unit: str
    latency: str | None
    traffic: Traffic | None = None
    way: Way = "spin"
    without: tuple[str, ...] = ()
    others: int = 0
    warmup: float = 0.5
    seconds: float = 0.0


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            "pingpong",
            "Ping-pong in one process, the same message object sent back",
            node="ping_pong",
            unit="message",
            latency="publish to callback",
        ),
        Workload(
            "pingpong-spin-once",
            "The same ping-pong under rclpy.spin(node, executor), which calls only spin_once",
            node="ping_pong",
            unit="message",
            latency="publish to callback",
            way="rclpy.spin",
            without=("floor",),
        ),
        Workload(
            "pingpong-spin-once-each",
            "The same ping-pong, with 50 quiet subscriptions, by rclpy.spin_once(node) in a loop",
            node="crowded_ping_pong",
            unit="message",
            latency="publish to callback",
            way="rclpy.spin_once",
            # It forgets what it has counted for a node when that is removed.
            without=("floor", "events"),
        ),
        Workload(
            "paced",
            "5 kHz on one topic from another process",
            node="listener",
            unit="message",
            latency="publish to callback",
            traffic=Traffic(topics=1, rate=5000),
        ),
        Workload(
            "flood",
            "One topic from another process, as fast as it can publish",
            node="listener",
            unit="message",
            latency="publish to callback",
            traffic=Traffic(topics=1, rate=0),
        ),
        Workload(
            "transforms",
            "100 poses, each with its header, at 100 Hz: a nav_msgs/Path, the shape of a full /tf",
            node="receiver",
            unit="message",
            latency="publish to callback",
            traffic=Traffic(topics=1, rate=100, message="Path"),
        ),
        Workload(
            "joints",
            "JointState of 30 joints at 1 kHz",
            node="receiver",
            unit="message",
            latency="publish to callback",
            traffic=Traffic(topics=1, rate=1000, message="JointState"),
        ),
        Workload(
            "images",
            "Image of 1920 x 1080 in colour (6 MB) at 30 Hz",
            node="receiver",
            unit="message",
            latency="publish to callback",
            traffic=Traffic(topics=1, rate=30, message="Image"),
        ),
        Workload(
            "service",
            "One service call after another in one process",
            node="caller",
            unit="call",
            latency="call to response",
        ),
        Workload(
            "many",
            "200 subscriptions, 1 kHz in all, from another process",
            node="listener",
            unit="message",
            latency="publish to callback",
            traffic=Traffic(topics=200, rate=1000),
        ),
        *(
            Workload(
                f"made-beside-{others}",
                f"A timer that is made and destroyed, again and again, beside {others} others",
                node="maker",
                unit="timer",
                latency="to make and destroy one",
                without=("floor",),
                others=others,
            )
            for others in (10, 1000)
        ),
        Workload(
            "timer",
            "A timer of 1 kHz",
            node="ticker",
            unit="tick",
            latency="jitter: distance of an interval from 1 ms",
        ),
        Workload(
            "idle",
            "Nothing to do: 50 subscriptions without messages and 10 timers of one second",
            node="idler",
            unit="second",
            latency=None,
            warmup=2.0,
            seconds=5.0,
        ),
    )
}
