# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Keeps ROS traffic on this machine: a network that has only the loopback interface.
"""Two runs side by side must not discover each other, nor any robot on the network.

Nor may they share memory. Middlewares name what they put into /dev/shm by their ports, which are
the same in every network, so in a new network /dev/shm is a new one, too.

``isolate()`` moves the calling process; ``python -m tools.loopback COMMAND`` runs a command so.
With ``--anew`` the command shares its network with nobody, not even with those that are so already.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_MS_NOSUID = 0x2
_MS_NODEV = 0x4
_MS_REC = 0x4000
_MS_PRIVATE = 0x40000
_SHARED_MEMORY = "/dev/shm"
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_WANTED = 0x1 | 0x1000  # IFF_UP | IFF_MULTICAST
_libc = ctypes.CDLL(None, use_errno=True)


def isolate(*, anew: bool = False) -> bool:
    """Move this process, and whatever it starts, to a network of its own if the system allows it.

    Call it before any thread starts: an existing thread stays in the old network, and without
    root the system refuses a process that has several. In any case discovery is limited to this
    machine by ``ROS_AUTOMATIC_DISCOVERY_RANGE``.

    :param anew: leave a network that has only the loopback interface, too.
    :return: whether only the loopback interface is there now.
    """
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    # Some systems allow the namespace but nothing inside it, and there is no way back: a child
    # finds out.
    child = os.fork()
    if child == 0:
        try:
            _leave_network(anew)
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        return False
    _leave_network(anew)
    return True


def _leave_network(anew: bool) -> None:
    if anew or [name for _, name in socket.if_nameindex()] != ["lo"]:
        user, group = os.geteuid(), os.getegid()
        if user == 0:
            _unshare(_CLONE_NEWNET)
        else:
            _unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
            # Without a mapping the new files would belong to nobody.
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        # Where no file system may be mounted the old shared memory has to do.
        with contextlib.suppress(OSError):
            _leave_shared_memory()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        _, flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))
        if flags & _WANTED != _WANTED:
            request = struct.pack("16sH14x", b"lo", flags | _WANTED)
            fcntl.ioctl(any_socket, _SIOCSIFFLAGS, request)


def _leave_shared_memory() -> None:
    _unshare(_CLONE_NEWNS)
    _mount(None, "/", _MS_REC | _MS_PRIVATE)  # or what is mounted next would be seen outside
    _mount("tmpfs", _SHARED_MEMORY, _MS_NOSUID | _MS_NODEV, "mode=1777")


def _unshare(namespaces: int) -> None:
    _check(_libc.unshare(namespaces), "Cannot leave the namespace")


def _mount(kind: str | None, where: str, flags: int, options: str | None = None) -> None:
    name, data = (text and text.encode() for text in (kind, options))
    done = _libc.mount(name, where.encode(), name, ctypes.c_ulong(flags), data)
    _check(done, f"Cannot mount {where}")


def _check(returned: int, failure: str) -> None:
    if returned != 0:
        raise OSError(ctypes.get_errno(), failure)


if __name__ == "__main__":
    anew = sys.argv[1:2] == ["--anew"]
    command = sys.argv[2:] if anew else sys.argv[1:]
    if not command:
        raise SystemExit("usage: python -m tools.loopback [--anew] COMMAND [ARGUMENT ...]")
    if not isolate(anew=anew):
        print("No network of our own here: ROS discovery is limited to localhost", file=sys.stderr)
    os.execvp(command[0], command)
