# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The monitor's nodes: ordinary rclpy, which every executor runs alike."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Imu, JointState, LaserScan
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

from demo.reports import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rclpy.client import Client
    from rclpy.task import Future

REPORT_PERIOD = 0.25


class Monitor(Node):
    """Listens to one topic, and notes how long each message was under way.

    A message's latency runs from the stamp that the publisher gave it to the first line of the
    callback, by the system clock, in microseconds.
    """

    def __init__(self, name: str, message_type: type, topic: str) -> None:
        super().__init__(name)
        self.topic = topic
        self.latencies_us: list[float] = []
        self.create_subscription(message_type, topic, self.on_message, 10)

    def on_message(self, message: Any) -> None:
        now = self.get_clock().now().nanoseconds
        sent = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
        self.latencies_us.append((now - sent) / 1000)
        self.update(message)

    @abstractmethod
    def update(self, message: Any) -> None:
        """Take in what the message says."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What is known now, for the page."""

    @abstractmethod
    def describe(self) -> str:
        """What is known now, in a few words."""


class Odometer(Monitor):
    def __init__(self) -> None:
        super().__init__("odometer", Odometry, "odom")
        self.x = self.y = self.yaw = self.speed = self.distance = 0.0
        self.trail: deque[tuple[float, float]] = deque(maxlen=300)

    def update(self, message: Odometry) -> None:
        pose = message.pose.pose
        if self.trail:
            self.distance += math.hypot(pose.position.x - self.x, pose.position.y - self.y)
        self.x, self.y = pose.position.x, pose.position.y
        self.yaw = 2 * math.atan2(pose.orientation.z, pose.orientation.w)
        self.speed = message.twist.twist.linear.x
        if not self.trail or math.dist(self.trail[-1], (self.x, self.y)) > 0.05:
            self.trail.append((self.x, self.y))

    def state(self) -> dict[str, Any]:
        return {
            "x": self.x,
            "y": self.y,
            "yaw": self.yaw,
            "speed": self.speed,
            "distance": self.distance,
            "trail": [(round(x, 3), round(y, 3)) for x, y in self.trail],
        }

    def describe(self) -> str:
        return f"at {self.x:+.2f}, {self.y:+.2f} m, {self.speed:.2f} m/s"


class Attitude(Monitor):
    def __init__(self) -> None:
        super().__init__("attitude", Imu, "imu")
        self.yaw_rate = self.acceleration = 0.0

    def update(self, message: Imu) -> None:
        self.yaw_rate = message.angular_velocity.z
        self.acceleration = math.hypot(message.linear_acceleration.x, message.linear_acceleration.y)

    def state(self) -> dict[str, Any]:
        return {"yaw_rate": self.yaw_rate, "acceleration": self.acceleration}

    def describe(self) -> str:
        return f"turns {math.degrees(self.yaw_rate):+.0f} deg/s"


class Proximity(Monitor):
    def __init__(self) -> None:
        super().__init__("proximity", LaserScan, "scan")
        self.ranges = np.zeros(0, dtype=np.float32)
        self.angle_min = self.angle_increment = self.nearest = self.bearing = 0.0

    def update(self, message: LaserScan) -> None:
        self.ranges = np.asarray(message.ranges)
        self.angle_min, self.angle_increment = message.angle_min, message.angle_increment
        index = int(self.ranges.argmin())
        self.nearest = float(self.ranges[index])
        self.bearing = self.angle_min + index * self.angle_increment

    def state(self) -> dict[str, Any]:
        return {
            "angle_min": self.angle_min,
            "angle_increment": self.angle_increment,
            "ranges": [round(float(distance), 3) for distance in self.ranges],
            "nearest": self.nearest,
            "bearing": self.bearing,
        }

    def describe(self) -> str:
        return f"nearest {self.nearest:.2f} m at {math.degrees(self.bearing):+.0f} deg"


class Wheels(Monitor):
    def __init__(self) -> None:
        super().__init__("wheels", JointState, "joint_states")
        self.speeds: dict[str, float] = {}

    def update(self, message: JointState) -> None:
        self.speeds = dict(zip(message.name, message.velocity, strict=True))

    def state(self) -> dict[str, Any]:
        return self.speeds

    def describe(self) -> str:
        return ", ".join(f"{speed:+.1f}" for speed in self.speeds.values()) + " rad/s"


class Motors(Node):
    """Switches the robot's motors, and knows whether they are on."""

    def __init__(self) -> None:
        super().__init__("motors")
        self.on = False
        self.switch: Client[Any, Any] = self.create_client(SetBool, "set_motors")
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.create_subscription(Bool, "motors_on", self.on_motors, latched)

    def on_motors(self, message: Bool) -> None:
        self.on = message.data

    def set(self, on: bool) -> Future[Any]:
        """Ask the robot; the future's result is its ``SetBool.Response``."""
        return self.switch.call_async(SetBool.Request(data=on))


class Reporter(Node):
    """Hands a report of what the monitors heard to ``publish_report``, four times a second."""

    def __init__(
        self, monitors: Sequence[Monitor], publish_report: Callable[[Report], None]
    ) -> None:
        super().__init__("reporter")
        self.monitors = monitors
        self.publish_report = publish_report
        self.latest: Report | None = None
        self.wall, self.cpu = time.monotonic(), time.process_time()
        self.create_timer(REPORT_PERIOD, self.report)

    def report(self) -> None:
        wall, cpu = time.monotonic(), time.process_time()
        self.latest = Report(
            seconds=wall - self.wall,
            cpu_seconds=cpu - self.cpu,
            latencies_us={monitor.topic: monitor.latencies_us for monitor in self.monitors},
            contents={monitor.topic: monitor.describe() for monitor in self.monitors},
        )
        self.wall, self.cpu = wall, cpu
        for monitor in self.monitors:
            monitor.latencies_us = []
        self.publish_report(self.latest)
