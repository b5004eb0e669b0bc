# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Counts what a process holds and uses, as the kernel counts it.
"""Linux only: everything here is read from ``/proc``."""

import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path


def open_fds() -> int:
    """Count the open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir())) - 1  # the listing itself opens one


def threads() -> int:
    """Count the threads of this process, those of the middleware included."""
    return len(list(Path("/proc/self/task").iterdir()))


def resident_bytes() -> int:
    """Tell how much memory of this process is resident."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def voluntary_switches(native_id: int | None = None) -> int:
    """Tell how often a thread has gone to sleep, by default the calling one.

    A thread that is woken goes to sleep again: on an idle thread this counts wake-ups.
    """
    thread = threading.get_native_id() if native_id is None else native_id
    status = Path(f"/proc/self/task/{thread}/status").read_text()
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)
    assert found is not None
    return int(found[1])


@dataclass(frozen=True)
class Holdings:
    """What this process holds at one moment."""

    fds: int
    threads: int

    @classmethod
    def now(cls) -> "Holdings":
        """Count now."""
        return cls(open_fds(), threads())
