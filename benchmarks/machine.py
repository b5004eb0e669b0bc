# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What is known about the machine and the software of a run."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

DISTRIBUTIONS = ("aiorcl", "rclpy", "ros-rmw-fastrtps-cpp", "uvloop", "numpy")


def describe() -> dict[str, object]:
    """Give processor, kernel, load and versions."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
        "ros_distro": os.getenv("ROS_DISTRO"),
        "rmw": os.getenv("RMW_IMPLEMENTATION", "default"),
        "versions": versions(),
    }


def processor() -> str:
    """Name the processor as Linux does."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def versions() -> dict[str, str]:
    """Give the versions of what is installed."""
    found = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
