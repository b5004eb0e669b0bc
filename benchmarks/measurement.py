# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a measured process reports: CPU of all its threads, context switches, latencies."""

from __future__ import annotations

import resource
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from .nodes import MeasuredNode, TaskExecutor

PERCENTILES = (50, 90, 99, 99.9)


class Stoppable(Protocol):
    """What can be ended from another thread."""

    def shutdown(self, timeout_sec: float) -> bool: ...


def end(node: MeasuredNode, executor: Stoppable) -> None:
    """Shut down an executor that spins on another thread, and the context of its node.

    The executor goes first: rclpy's fail where their context goes down before.
    """
    node.ended = True
    executor.shutdown(timeout_sec=5.0)
    node.context.try_shutdown()


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
        self._executor: Stoppable | None = None

    def begin(self, executor: TaskExecutor) -> None:
        """Start the node's work and the measurement; the executor is about to spin."""
        self._node.start(executor)
        self.begin_floor(executor)

    def begin_floor(self, executor: Stoppable) -> None:
        """Start the measurement of what starts the work itself."""
        self._executor = executor
        self.start()

    def run(self) -> None:
        """Measure; then, even if that fails, shut down the executor and the node's context."""
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
            assert self._executor is not None  # since begin_floor()
            end(self._node, self._executor)

    @property
    def complete(self) -> bool:
        """Whether the numbers have been taken."""
        return self._window is not None

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
