# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a measured process reports: CPU of all its threads, context switches, latencies."""

from __future__ import annotations

import resource
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from .nodes import MeasuredNode

PERCENTILES = (50, 90, 99, 99.9)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the process had used at one moment."""

    time: float
    cpu: float
    switches: int
    samples: int

    @classmethod
    def now(cls, samples: int) -> Usage:
        """Read the clocks; ``samples`` is how many there are at this moment."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return cls(
            time.monotonic(),
            used.ru_utime + used.ru_stime,
            used.ru_nvcsw + used.ru_nivcsw,
            samples,
        )


class Measurement(threading.Thread):
    """Waits for the first sample, then ``warmup``, measures for ``seconds``, ends the spinning.

    It sleeps meanwhile, in a thread, so that no executor has to look at a clock or a counter.
    """

    def __init__(self, node: MeasuredNode, warmup: float, seconds: float) -> None:
        super().__init__(name="measurement", daemon=True)
        self._node = node
        self._warmup = warmup
        self._seconds = seconds
        self._window: tuple[Usage, Usage] | None = None
        self.executor: Executor | None = None

    def run(self) -> None:
        """Measure; then, even if that fails, shut down the executor and the node's context.

        The executor goes first: a callback that runs while its context goes down fails.
        """
        try:
            deadline = time.monotonic() + 20.0
            while not self._node.samples:
                if time.monotonic() > deadline:
                    return
                time.sleep(0.01)
            time.sleep(self._warmup)
            before = Usage.now(len(self._node.samples))
            time.sleep(self._seconds)
            self._window = before, Usage.now(len(self._node.samples))
        finally:
            self._node.ended = True
            if self.executor is not None:
                self.executor.shutdown(timeout_sec=5.0)
            self._node.context.try_shutdown()

    def report(self, unit: str) -> dict[str, object]:
        """Give the measured numbers; ``unit`` "second" counts seconds instead of samples."""
        if self._window is None:
            raise TimeoutError("Nothing arrived within 20 s")
        before, after = self._window
        seconds = after.time - before.time
        samples = after.samples - before.samples
        latencies = np.asarray(self._node.latencies_ns(before.samples, after.samples))
        return {
            "seconds": seconds,
            "count": seconds if unit == "second" else samples,
            "cpu_seconds": after.cpu - before.cpu,
            "context_switches": after.switches - before.switches,
            "latency_us": summarise(latencies) if unit != "second" and latencies.size else None,
        }


def summarise(latencies_ns: np.ndarray) -> dict[str, float]:
    """Give percentiles and the maximum in microseconds."""
    values = np.percentile(latencies_ns, PERCENTILES) / 1e3
    summary = {f"p{p:g}": float(value) for p, value in zip(PERCENTILES, values, strict=True)}
    return summary | {"max": float(latencies_ns.max()) / 1e3}
