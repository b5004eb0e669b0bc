# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Runs measured processes, executor after executor and round after round, for their numbers."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .executors import ExecutorRow
    from .workloads import Workload

ROOT = Path(__file__).resolve().parent.parent


class MeasurementError(RuntimeError):
    """A measured process gave no numbers."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one measured process reported."""

    seconds: float
    count: float
    cpu_seconds: float
    context_switches: int
    latency_us: dict[str, float] | None

    @property
    def cpu_us(self) -> float | None:
        """CPU of all threads, user and system, per message in microseconds."""
        return self.cpu_seconds / self.count * 1e6 if self.count else None

    @property
    def rate(self) -> float:
        """Messages per second."""
        return self.count / self.seconds

    @property
    def switches(self) -> float | None:
        """Context switches of all threads per message."""
        return self.context_switches / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one executor in one workload, one a round."""

    workload: Workload
    executor: ExecutorRow
    samples: list[Sample] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Bench:
    """A choice of workloads and executors, and how long and how often each is measured."""

    def __init__(
        self,
        workloads: list[Workload],
        executors: list[ExecutorRow],
        rounds: int,
        seconds: float,
    ) -> None:
        self.rounds = rounds
        self.seconds = seconds
        self.series = [
            Series(workload, executor)
            for workload in workloads
            for executor in executors
            if executor.name not in workload.without
        ]
        self._domain = random.randrange(100)

    def __len__(self) -> int:
        return len(self.series) * self.rounds

    def steps(self) -> Iterator[tuple[int, Series]]:
        """Give what to measure, in order: a workload's executors in turn, round by round."""
        by_workload: dict[str, list[Series]] = {}
        for series in self.series:
            by_workload.setdefault(series.workload.name, []).append(series)
        for several in by_workload.values():
            for number in range(self.rounds):
                for series in several:
                    yield number, series

    def measure(self, series: Series) -> None:
        """Measure once more in fresh processes, and add what they report to the series."""
        try:
            series.samples.append(self._measure(series.workload, series.executor))
        except MeasurementError as error:
            series.failures.append(str(error))

    def _measure(self, workload: Workload, executor: ExecutorRow) -> Sample:
        # A domain of its own for each measurement: nobody meets what an earlier one left behind.
        self._domain = (self._domain + 1) % 100
        environment = os.environ | {
            "ROS_DOMAIN_ID": str(self._domain),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.getenv("PYTHONPATH")])),
        }
        seconds = max(self.seconds, workload.seconds)
        times = ["--warmup", str(workload.warmup), "--seconds", str(seconds)]
        command = ["measured", workload.name, executor.name, *times]
        with contextlib.ExitStack() as processes:
            if workload.traffic is not None:
                topics, rate = str(workload.traffic.topics), str(workload.traffic.rate)
                publisher = ["traffic", workload.traffic.message, "--topics", topics]
                publisher += ["--rate", rate]
                processes.enter_context(running(publisher, environment))
            measured = processes.enter_context(running(command, environment))
            return _read(measured, workload.warmup + seconds + 30.0)


@contextlib.contextmanager
def running(arguments: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a module of this package in a child process; it has ended when the block is left.

    It gets a session of its own, so that Ctrl-C reaches only the parent, which then ends it.
    """
    module, *options = arguments
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{module}", *options, "--parent", str(os.getpid())],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=3.0)
            except subprocess.TimeoutExpired:
                process.kill()


def _read(process: subprocess.Popen[str], timeout: float) -> Sample:
    try:
        output, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"No result within {timeout:.0f} s") from None
    if process.returncode:
        lines = errors.strip().splitlines()
        told = " | ".join(lines[-1:] if not errors.startswith("Timeout") else lines)
        raise MeasurementError(f"Exit status {process.returncode}: {told}")
    return Sample(**json.loads(output.splitlines()[-1]))
