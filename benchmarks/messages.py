# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The messages that are converted and sent: as a robot has them, filled in."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING, Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import (
    Point,
    Pose,
    PoseStamped,
    PoseWithCovariance,
    Quaternion,
    Transform,
    TransformStamped,
    Twist,
    TwistWithCovariance,
    Vector3,
)
from nav_msgs.msg import Odometry, Path
from sensor_msgs.msg import Image, Imu, JointState, LaserScan, PointCloud2, PointField
from std_msgs.msg import Header, Int64, String

if TYPE_CHECKING:
    from collections.abc import Callable


def header() -> Header:
    """A time and a frame."""
    return Header(stamp=Time(sec=1_700_000_000, nanosec=123_456_789), frame_id="base_link")


def quaternion() -> Quaternion:
    """Some rotation."""
    return Quaternion(x=0.1, y=0.2, z=0.3, w=0.9)


def vector(start: float = 1.5) -> Vector3:
    """Some vector."""
    return Vector3(x=start, y=start + 1, z=start + 2)


def pose() -> Pose:
    """Some place."""
    return Pose(position=Point(x=1.5, y=2.5, z=3.5), orientation=quaternion())


def transform_stamped() -> TransformStamped:
    """One link of a robot."""
    transform = Transform(translation=vector(), rotation=quaternion())
    return TransformStamped(header=header(), child_frame_id="wheel_left", transform=transform)


def odometry() -> Odometry:
    """Where a robot is and how it moves."""
    covariance = np.arange(36, dtype=np.float64)
    return Odometry(
        header=header(),
        child_frame_id="base_link",
        pose=PoseWithCovariance(pose=pose(), covariance=covariance),
        twist=TwistWithCovariance(
            twist=Twist(linear=vector(), angular=vector(0.5)), covariance=covariance
        ),
    )


def imu() -> Imu:
    """What an inertial sensor says."""
    return Imu(
        header=header(),
        orientation=quaternion(),
        angular_velocity=vector(),
        linear_acceleration=vector(),
        orientation_covariance=np.arange(9, dtype=np.float64),
    )


def joint_state() -> JointState:
    """A robot with 30 joints."""
    numbers = [0.1 * i for i in range(30)]
    return JointState(
        header=header(),
        name=[f"joint_{i}" for i in range(30)],
        position=numbers,
        velocity=numbers,
        effort=numbers,
    )


def laser_scan() -> LaserScan:
    """A scan of 1000 ranges."""
    return LaserScan(header=header(), ranges=[0.01 * i for i in range(1000)])


def path() -> Path:
    """100 poses."""
    return Path(
        header=header(), poses=[PoseStamped(header=header(), pose=pose()) for _ in range(100)]
    )


def point_cloud() -> PointCloud2:
    """1 MB of points."""
    fields = [
        PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1)
        for i, name in enumerate("xyz")
    ]
    return PointCloud2(
        header=header(),
        height=1,
        width=62_500,
        fields=fields,
        point_step=16,
        row_step=1_000_000,
        data=array.array("B", bytes(1_000_000)),
    )


def image() -> Image:
    """A colour picture of 1920 x 1080."""
    return Image(
        header=header(),
        height=1080,
        width=1920,
        encoding="rgb8",
        step=1920 * 3,
        data=array.array("B", bytes(1920 * 1080 * 3)),
    )


def int64() -> Int64:
    """A number."""
    return Int64(data=1_700_000_000_123_456_789)


def string() -> String:
    """A line of text."""
    return String(data="The quick brown robot jumps over the lazy dog")


#: By the name of the class; what the names leave open stands in the docstrings.
SAMPLES: dict[str, Callable[[], Any]] = {
    "Int64": int64,
    "String": string,
    "TransformStamped": transform_stamped,
    "Odometry": odometry,
    "Imu": imu,
    "JointState": joint_state,
    "LaserScan": laser_scan,
    "Path": path,
    "PointCloud2": point_cloud,
    "Image": image,
}
