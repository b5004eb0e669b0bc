# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Counts what a process holds and uses, as the kernel counts it.
"""Linux only: everything here is read from ``/proc``."""

import gc
import os
import re
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def open_fds() -> int:
    """Count the open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir())) - 1  # the listing itself opens one


def timer_fds() -> int:
    """Count those that are timers: a dispatcher has two, and the middleware opens none later."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found += str(entry.readlink()) == "anon_inode:[timerfd]"
        except FileNotFoundError:
            continue  # that of the listing itself
    return found


def threads() -> int:
    """Count the threads of this process, those of the middleware included."""
    return len(list(Path("/proc/self/task").iterdir()))


def resident_bytes() -> int:
    """Tell how much memory of this process is resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def _status(thread: int, field: str) -> str:
    status = Path(f"/proc/self/task/{thread}/status").read_text()
    found = re.search(rf"^{field}:\s+(\S+)", status, re.MULTILINE)
    assert found is not None
    return found[1]


def voluntary_switches(thread: int) -> int:
    """Tell how often a thread, named by its native id, has gone to sleep.

    A thread that is woken goes to sleep again: on an idle thread this counts wake-ups.
    """
    return int(_status(thread, "voluntary_ctxt_switches"))


def wait_until_asleep(thread: int) -> None:
    """Return when a thread, named by its native id, sleeps and only an event can wake it.

    It sleeps, and has not taken any of many chances to get the interpreter's lock.
    """
    chances, before = 0, -1
    while chances < 300:
        switches = voluntary_switches(thread)
        asleep = _status(thread, "State") == "S" and switches == before
        chances = chances + 1 if asleep else 0
        before = switches
        os.sched_yield()


@dataclass(frozen=True)
class Holdings:
    """What this process holds at one moment."""

    fds: int
    threads: int

    @classmethod
    def now(cls) -> "Holdings":
        """Count now."""
        return cls(open_fds(), threads())


def assert_collected(once: Callable[[], weakref.ref[Any]]) -> None:
    """What ``once`` makes is collected with its timers' fds, the first time and every other."""
    gone = [once()]
    gc.collect()
    before = timer_fds()
    gone += [once() for _ in range(3)]
    gc.collect()
    assert [reference() for reference in gone] == [None] * 4
    assert timer_fds() == before
