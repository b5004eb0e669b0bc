# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the benchmark's ROS traffic on this machine, in a network of its own where allowed."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from typing import NoReturn

ISOLATED = "AIORCL_BENCHMARKS_ISOLATED"
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1
IFF_MULTICAST = 0x1000


def isolate(arguments: list[str]) -> None:
    """Start this program again in a network namespace with nothing but the loopback interface.

    Where the system allows no namespaces, goes on with discovery limited to this machine.

    :param arguments: the command line's arguments.
    """
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    if ISOLATED in os.environ:
        bring_loopback_up()
        return
    unshare = shutil.which("unshare")
    if unshare is None:
        return
    for options in (["--net"], ["--user", "--map-root-user", "--net"]):
        command = [unshare, *options, "--"]
        if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
            _start_again(command, arguments)


def bring_loopback_up() -> None:
    """Do what ``ip link set lo up multicast on`` does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        name, flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))
        request = struct.pack("16sH14x", name, flags | IFF_UP | IFF_MULTICAST)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def _start_again(command: list[str], arguments: list[str]) -> NoReturn:
    os.environ[ISOLATED] = "1"
    os.execv(command[0], [*command, sys.executable, "-m", "benchmarks", *arguments])
