# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Who can meet the demo's processes: nobody beyond this machine, and no other robot on it."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def describe() -> str:
    """Say how far the demo's ROS traffic reaches."""
    if {name for _, name in socket.if_nameindex()} <= {"lo"}:
        return "Network: the loopback interface only; nothing gets in or out"
    return (
        "Network: the machine's own; ROS looks on localhost only "
        f"(ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST, ROS_DOMAIN_ID={domain_id()})"
    )


def domain_id() -> int:
    """Choose a ROS domain for this demo: 0 is everyone's default, and 101 the last safe one."""
    return 1 + os.getpid() % 101


def ros_environment() -> dict[str, str]:
    """Make the environment for the demo's processes."""
    return {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent / "examples" / "dashboard"),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": str(domain_id()),
        "RCUTILS_CONSOLE_OUTPUT_FORMAT": "[{severity}] {message}",
    }
