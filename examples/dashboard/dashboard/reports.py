# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a monitor reports of its messages, and what many reports amount to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Report:
    """What one monitor process heard since its last report.

    ``cpu_seconds`` counts all threads of the process, the middleware's too.
    """

    seconds: float
    cpu_seconds: float
    latencies_us: dict[str, list[float]]
    contents: dict[str, str]

    def __str__(self) -> str:
        """One line of JSON, for ``from_line``."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Report:
        return cls(**json.loads(line))

    @property
    def silent_topics(self) -> list[str]:
        """Topics on which nothing came."""
        return [topic for topic, latencies in self.latencies_us.items() if not latencies]

    @property
    def cpu_percent(self) -> float:
        """Of one core."""
        return 100 * self.cpu_seconds / self.seconds


def total(reports: Iterable[Report]) -> Report:
    """All reports as one: times are added, latencies are joined, contents are the last ones.

    :raises ValueError: if there is no report.
    """
    reports = list(reports)
    if not reports:
        raise ValueError("There is no report to add up")
    return Report(
        seconds=sum(report.seconds for report in reports),
        cpu_seconds=sum(report.cpu_seconds for report in reports),
        latencies_us={
            topic: [latency for report in reports for latency in report.latencies_us[topic]]
            for topic in reports[-1].latencies_us
        },
        contents=reports[-1].contents,
    )


@dataclass(frozen=True)
class Summary:
    """The figures of one topic, or of all, in a report. Latencies are NaN where nothing came."""

    messages: int
    rate: float
    p50_us: float
    p90_us: float
    p99_us: float
    max_us: float


def summarize(report: Report, topics: Iterable[str] | None = None) -> Summary:
    """The figures over ``topics``, or over all."""
    names = report.latencies_us if topics is None else topics
    latencies = [latency for name in names for latency in report.latencies_us[name]]
    quantiles = np.percentile(latencies or [np.nan], [50, 90, 99, 100])
    return Summary(len(latencies), len(latencies) / report.seconds, *map(float, quantiles))


def cpu_us_per_message(whole: Report) -> float:
    return 1e6 * whole.cpu_seconds / summarize(whole).messages
