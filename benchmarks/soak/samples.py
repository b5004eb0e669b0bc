# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a soaked process has of everything that could grow, every few seconds, as lines of JSON."""

from __future__ import annotations

import dataclasses
import gc
import json
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True, slots=True)
class Sample:
    """The state of a process at one moment; ``counts`` is what it has done since its start."""

    seconds: float
    memory_bytes: int
    descriptors: int
    threads: int
    objects: int
    tasks: int
    counts: dict[str, int]

    @classmethod
    def now(cls, since: float, tasks: int, counts: Counter[str]) -> Sample:
        """Look at this process, after a collection, so that no garbage is among the objects."""
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(
            time.monotonic() - since,
            resident * PAGE_BYTES,
            len(list(Path("/proc/self/fd").iterdir())),
            len(list(Path("/proc/self/task").iterdir())),
            len(gc.get_objects()),
            tasks,
            dict(counts),
        )


class Sampler(threading.Thread):
    """Prints a sample every so many seconds until it is stopped.

    :param every: seconds between two.
    :param counts: what the process counts.
    :param tasks: how many asyncio tasks there are, as the loop's thread has told last.
    """

    def __init__(
        self,
        every: float,
        counts: Counter[str],
        tasks: Callable[[], int],
    ) -> None:
        super().__init__(name="sampler", daemon=True)
        self._every = every
        self._counts = counts
        self._tasks = tasks
        self._stopped = threading.Event()

    def run(self) -> None:
        """Sample."""
        since = time.monotonic()
        number = 1
        while not self._stopped.wait(since + number * self._every - time.monotonic()):
            sample = Sample.now(since, self._tasks(), self._counts)
            print(json.dumps(dataclasses.asdict(sample)), flush=True)
            number += 1

    def stop(self) -> None:
        """Print no more, and return when it does not."""
        self._stopped.set()
        self.join()
