# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the page gets: frames with all that came since the last one, the same for every visitor."""

from __future__ import annotations

import asyncio
import contextlib
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from dashboard.reports import Report, summarize

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from dashboard.monitors import Monitor, Reporter
    from dashboard.operator import Motors, Patrols

FRAME_PERIOD = 1 / 60
#: A visitor who is behind by so many frames loses the oldest ones.
BACKLOG = 30


class Live:
    """Makes frames while somebody looks, at most 60 a second, and none while nothing comes."""

    def __init__(
        self, monitors: Sequence[Monitor], reporter: Reporter, motors: Motors, patrols: Patrols
    ) -> None:
        self.monitors = monitors
        self.reporter = reporter
        self.motors = motors
        self.patrols = patrols
        self.visitors: set[asyncio.Queue[str]] = set()
        self.visited = asyncio.Event()
        self.frames = 0

    def state(self) -> dict[str, Any]:
        """All that is known now."""
        report = self.reporter.latest
        return {
            "motors_on": self.motors.on,
            "patrol": self.patrols.state(),
            "robot": {monitor.topic: monitor.state() for monitor in self.monitors},
            "topics": {} if report is None else figures_by_topic(report),
            "cpu_percent": None if report is None else report.cpu_percent,
        }

    @contextlib.contextmanager
    def visit(self) -> Iterator[AsyncIterator[str]]:
        """Make frames for a visitor: first all that is known and plotted, then what comes."""
        queue: asyncio.Queue[str] = asyncio.Queue(BACKLOG)
        past = {monitor.topic: list(monitor.samples) for monitor in self.monitors}
        state = json.dumps(self.state())
        self.visitors.add(queue)
        self.visited.set()
        try:
            yield frames_of(state, past, queue)
        finally:
            self.visitors.remove(queue)
            if not self.visitors:
                self.visited.clear()

    async def run(self) -> None:
        """Make frames until cancelled."""
        clock = asyncio.get_running_loop()
        counts = {monitor.topic: monitor.count for monitor in self.monitors}
        told: dict[str, Any] = {}
        due = clock.time()
        while True:
            if not self.visitors:
                await self.visited.wait()
                counts = {monitor.topic: monitor.count for monitor in self.monitors}
            frame = self.frame(counts, told)
            if frame:
                self.frames += 1
                self.tell(json.dumps(frame))
            due = max(due + FRAME_PERIOD, clock.time())
            await asyncio.sleep(due - clock.time())

    def frame(self, counts: dict[str, int], told: dict[str, Any]) -> dict[str, Any]:
        """Put together what came since ``counts``, and what is no more as it was ``told``."""
        frame: dict[str, Any] = {}
        samples, robot = {}, {}
        for monitor in self.monitors:
            if monitor.count != counts[monitor.topic]:
                samples[monitor.topic] = samples_since(monitor, counts[monitor.topic])
                counts[monitor.topic] = monitor.count
                robot[monitor.topic] = monitor.state()
        if samples:
            frame = {"samples": samples, "robot": robot}
        news: dict[str, Any] = {"motors_on": self.motors.on, "patrol": self.patrols.state()}
        if self.reporter.latest is not told.get("report"):
            told["report"] = report = self.reporter.latest
            assert report is not None
            news |= {"topics": figures_by_topic(report), "cpu_percent": report.cpu_percent}
        for key, value in news.items():
            if told.get(key) != value:
                frame[key] = told[key] = value
        return frame

    def tell(self, text: str) -> None:
        """Queue a frame for every visitor."""
        for queue in self.visitors:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(text)


async def frames_of(
    state: str, past: dict[str, list[tuple[float, ...]]], queue: asyncio.Queue[str]
) -> AsyncIterator[str]:
    """What one visitor gets, in this order."""
    yield state
    for topic, samples in past.items():
        yield json.dumps({"samples": {topic: rounded(samples)}})
        # Ten seconds of all topics at once would hold the loop for more than 10 ms.
        await asyncio.sleep(0)
    while True:
        yield await queue.get()


def samples_since(monitor: Monitor, count: int) -> list[list[float]]:
    """The samples of a monitor after the first ``count`` of all that it had, rounded for JSON."""
    kept = len(monitor.samples)
    return rounded(islice(monitor.samples, max(0, kept - (monitor.count - count)), kept))


def rounded(samples: Iterable[tuple[float, ...]]) -> list[list[float]]:
    """Samples that are short in JSON."""
    return [[round(value, 3) for value in sample] for sample in samples]


def figures_by_topic(report: Report) -> dict[str, dict[str, float | None]]:
    """Rate and percentiles of the latency of each topic, in the time of a report."""
    figures = {topic: summarize(report, [topic]) for topic in report.latencies_us}
    return {
        topic: {
            "rate": one.rate,
            "p50_us": one.p50_us if one.messages else None,
            "p99_us": one.p99_us if one.messages else None,
        }
        for topic, one in figures.items()
    }
