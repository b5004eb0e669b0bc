# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Keeps the ROS traffic of this process and its children away from every other process.
"""Two test runs side by side must not discover each other, nor anything on the network."""

import ctypes
import fcntl
import itertools
import os
import socket
import struct
from collections.abc import Iterator

_CLONE_NEWNET = 0x40000000
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_IFF_MULTICAST = 0x1000


def isolate() -> bool:
    """Move this process to a network of its own where the system allows it.

    Call it before any thread starts: a thread that exists already stays in the old network.
    Elsewhere discovery is limited to this machine, and :func:`domain_ids` keeps runs apart.

    :return: whether the process has a network of its own now.
    """
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    isolated = [name for _, name in socket.if_nameindex()] == ["lo"]
    if not isolated and ctypes.CDLL(None).unshare(_CLONE_NEWNET) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        flags = struct.pack("16sh14x", b"lo", _IFF_UP | _IFF_MULTICAST)
        try:
            fcntl.ioctl(probe, _SIOCSIFFLAGS, flags)
        except PermissionError:
            return False
    return True


def domain_ids() -> Iterator[int]:
    """Yield domain ids that neither another test nor, most likely, another run uses now.

    Ids above 101 would need ports that Linux gives to outgoing connections.
    """
    return (1 + number % 100 for number in itertools.count(os.getpid()))
