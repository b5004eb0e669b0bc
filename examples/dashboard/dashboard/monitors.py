# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes that listen to the robot: ordinary rclpy, which every executor runs alike."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
from nav_msgs.msg import Odometry, Path
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, Imu, JointState, LaserScan

from dashboard.reports import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REPORT_PERIOD = 0.25
#: As much as the page plots: ten seconds at 100 Hz.
SAMPLES = 1000


class Monitor(Node):
    """Listens to one topic: keeps what is plotted, and how long each message was under way.

    A message's latency runs from the stamp that the publisher gave it to the first line of the
    callback, by the system clock, in microseconds. A sample is that stamp, in seconds, and the
    values; ``samples`` has the latest ones, and ``count`` says how many there ever were.
    """

    def __init__(self, name: str, message_type: type, topic: str) -> None:
        super().__init__(name)
        self.topic = topic
        self.latencies_us: list[float] = []
        self.samples: deque[tuple[float, ...]] = deque(maxlen=SAMPLES)
        self.count = 0
        self.create_subscription(message_type, topic, self.on_message, 10)

    def on_message(self, message: Any) -> None:
        now = self.get_clock().now().nanoseconds
        sent = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
        self.latencies_us.append((now - sent) / 1000)
        self.samples.append((sent / 1e9, *self.update(message)))
        self.count += 1

    @abstractmethod
    def update(self, message: Any) -> Sequence[float]:
        """Take in what the message says; the values to plot."""

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
        self.moved = False

    def update(self, message: Odometry) -> Sequence[float]:
        pose = message.pose.pose
        x, y = pose.position.x, pose.position.y
        if self.moved:
            self.distance += math.hypot(x - self.x, y - self.y)
        self.x, self.y, self.moved = x, y, True
        self.yaw = 2 * math.atan2(pose.orientation.z, pose.orientation.w)
        self.speed = message.twist.twist.linear.x
        return (self.speed,)

    def state(self) -> dict[str, Any]:
        return {
            "x": self.x,
            "y": self.y,
            "yaw": self.yaw,
            "speed": self.speed,
            "distance": self.distance,
        }

    def describe(self) -> str:
        return f"at {self.x:+.2f}, {self.y:+.2f} m, {self.speed:.2f} m/s"


class Attitude(Monitor):
    def __init__(self) -> None:
        super().__init__("attitude", Imu, "imu")
        self.yaw_rate = self.acceleration = 0.0

    def update(self, message: Imu) -> Sequence[float]:
        self.yaw_rate = message.angular_velocity.z
        self.acceleration = math.hypot(message.linear_acceleration.x, message.linear_acceleration.y)
        return (self.yaw_rate,)

    def state(self) -> dict[str, Any]:
        return {"yaw_rate": self.yaw_rate, "acceleration": self.acceleration}

    def describe(self) -> str:
        return f"turns {math.degrees(self.yaw_rate):+.0f} deg/s"


class Proximity(Monitor):
    def __init__(self) -> None:
        super().__init__("proximity", LaserScan, "scan")
        self.ranges = np.zeros(0, dtype=np.float32)
        self.angle_min = self.angle_increment = self.nearest = self.bearing = 0.0

    def update(self, message: LaserScan) -> Sequence[float]:
        self.ranges = np.asarray(message.ranges)
        self.angle_min, self.angle_increment = message.angle_min, message.angle_increment
        index = int(self.ranges.argmin())
        self.nearest = float(self.ranges[index])
        self.bearing = self.angle_min + index * self.angle_increment
        return (self.nearest,)

    def state(self) -> dict[str, Any]:
        """The ranges are in whole millimetres: short in JSON."""
        return {
            "angle_min": self.angle_min,
            "angle_increment": self.angle_increment,
            "ranges_mm": (self.ranges * 1000).astype(int).tolist(),
            "nearest": self.nearest,
            "bearing": self.bearing,
        }

    def describe(self) -> str:
        return f"nearest {self.nearest:.2f} m at {math.degrees(self.bearing):+.0f} deg"


class Wheels(Monitor):
    def __init__(self) -> None:
        super().__init__("wheels", JointState, "joint_states")
        self.speeds: dict[str, float] = {}

    def update(self, message: JointState) -> Sequence[float]:
        self.speeds = dict(zip(message.name, message.velocity, strict=True))
        return tuple(self.speeds.values())

    def state(self) -> dict[str, Any]:
        return self.speeds

    def describe(self) -> str:
        return ", ".join(f"{speed:+.1f}" for speed in self.speeds.values()) + " rad/s"


class Battery(Monitor):
    def __init__(self) -> None:
        super().__init__("battery_gauge", BatteryState, "battery")
        self.percent = self.volts = 0.0
        self.status = ""

    def update(self, message: BatteryState) -> Sequence[float]:
        self.percent, self.volts = 100 * message.percentage, message.voltage
        charging = message.power_supply_status == BatteryState.POWER_SUPPLY_STATUS_CHARGING
        self.status = "charging" if charging else ""
        return (self.percent,)

    def state(self) -> dict[str, Any]:
        return {"percent": self.percent, "volts": self.volts, "status": self.status}

    def describe(self) -> str:
        return f"{self.percent:.0f} %, {self.volts:.1f} V"


class Planner(Monitor):
    """The path ahead. It is drawn, not plotted."""

    def __init__(self) -> None:
        super().__init__("planner", Path, "plan")
        self.points: list[tuple[float, float]] = []

    def update(self, message: Path) -> Sequence[float]:
        positions = [pose.pose.position for pose in message.poses]
        self.points = [(position.x, position.y) for position in positions]
        return ()

    def state(self) -> dict[str, Any]:
        return {"points": [(round(x, 2), round(y, 2)) for x, y in self.points]}

    def describe(self) -> str:
        return f"{len(self.points)} poses ahead"


class Reporter(Node):
    """Hands a report of what the monitors heard to ``publish_report``, four times a second."""

    def __init__(
        self,
        monitors: Sequence[Monitor],
        publish_report: Callable[[Report], None] = lambda report: None,
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


def make_monitors() -> list[Monitor]:
    """Make a monitor of each topic."""
    return [Odometer(), Attitude(), Proximity(), Wheels(), Battery(), Planner()]
