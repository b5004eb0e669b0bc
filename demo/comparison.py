# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The CPU of the dashboard with aiorcl, and with SingleThreadedExecutor in a thread.

``./dev shell python -m demo.comparison``. One robot publishes five topics at 100 Hz, and 100 poses
at 100 Hz, which is what a robot's transforms amount to. One visitor has the page open, which gets
up to 60 updates a second with all five topics. The dashboards take turns, so that a machine that is
slow for a while is slow for both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import websockets
from rich.console import Console
from rich.table import Table

from demo.processes import Process
from tools import loopback

DASHBOARDS = {
    "AsyncioExecutor": "demo.monitor_aiorcl",
    "SingleThreadedExecutor in a thread": "demo.dashboard_threaded",
}
ROBOT = ("dashboard.robot", "--ros-args", "--log-level", "error", "-p", "plan_rate:=100.0")
PLOTTED = ("odom", "imu", "scan", "joint_states", "battery")
WARM_UP_SECONDS = 1.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measurement:
    """What one dashboard did in one round; all but the latency by the second."""

    cpu: float
    updates: float
    samples: float  # of the topic that had the fewest
    plans: float
    latency_us: float  # the median over the topics' medians


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used so far, in all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


async def measure(module: str, seconds: float) -> Measurement:
    """Run a dashboard, visit its page, and look at its CPU from outside."""
    async with Process(module, module, on_log=print) as dashboard:
        reading = json.loads(await dashboard.read_line())
        reports = asyncio.create_task(swallow(dashboard))
        live = reading["url"].replace("http", "ws", 1) + "/api/live"
        async with websockets.connect(live, proxy=None, max_size=None) as page:
            await watch(page, WARM_UP_SECONDS, until_all_flows=True)
            start, cpu = time.monotonic(), cpu_seconds(dashboard.pid)
            updates, samples, latencies = await watch(page, seconds)
            elapsed = time.monotonic() - start
            cpu = cpu_seconds(dashboard.pid) - cpu
        reports.cancel()
        await asyncio.wait([reports])
    return Measurement(
        cpu=cpu / elapsed,
        updates=updates / elapsed,
        plans=samples["plan"] / elapsed,
        samples=min(samples[topic] for topic in PLOTTED) / elapsed,
        latency_us=statistics.median(latencies or [math.nan]),
    )


async def swallow(dashboard: Process) -> None:
    """Read what the dashboard reports, or it would wait until somebody does."""
    while True:
        await dashboard.read_line()


async def watch(
    page: websockets.ClientConnection, seconds: float, until_all_flows: bool = False
) -> tuple[int, Counter[str], list[float]]:
    """Count what comes in some seconds, or in as many more as it takes that every topic has come.

    :return: updates, samples by topic, and the median latency of each report of a plotted topic.
    """
    samples: Counter[str] = Counter()
    updates = 0
    latencies: list[float] = []
    end = time.monotonic() + seconds
    async for text in page:
        frame = json.loads(text)
        updates += 1
        for topic, new in frame.get("samples", {}).items():
            samples[topic] += len(new)
        for topic, figures in frame.get("topics", {}).items():
            if topic != "plan" and figures["p50_us"] is not None:
                latencies.append(figures["p50_us"])
        if time.monotonic() >= end and (
            samples.keys() >= {*PLOTTED, "plan"} or not until_all_flows
        ):
            break
    return updates, samples, latencies


async def compare(rounds: int, seconds: float) -> dict[str, list[Measurement]]:
    """Measure each dashboard once in every round, beside the same robot."""
    measured: dict[str, list[Measurement]] = {name: [] for name in DASHBOARDS}
    async with Process("The robot", *ROBOT, on_log=print):
        for _ in range(rounds):
            for name, module in DASHBOARDS.items():
                measured[name].append(await measure(module, seconds))
    return measured


def show(measured: dict[str, list[Measurement]]) -> None:
    """Print the medians over the rounds, and the range of the CPU."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    columns = ("CPU of a core", "min-max", "updates/s", "samples/s", "poses/s", "latency p50")
    for column in ("dashboard on", *columns):
        table.add_column(column, no_wrap=True)
    for name, rounds in measured.items():
        cpu = [100 * one.cpu for one in rounds]
        table.add_row(
            name,
            f"{statistics.median(cpu):.1f} %",
            f"{min(cpu):.1f}-{max(cpu):.1f}",
            f"{statistics.median(one.updates for one in rounds):.0f}",
            f"5 x {statistics.median(one.samples for one in rounds):.0f}",
            f"{100 * statistics.median(one.plans for one in rounds):.0f}",
            f"{statistics.median(one.latency_us for one in rounds):.0f} us",
        )
    Console(width=110).print(table)
    ours, theirs = measured.values()
    ratio = statistics.median(a.cpu / b.cpu for a, b in zip(ours, theirs, strict=True))
    print(f"AsyncioExecutor: {ratio:.2f} of the CPU (median over the rounds)")


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m demo.comparison", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    options = parser.parse_args()
    loopback.isolate()
    show(asyncio.run(compare(options.rounds, options.seconds)))


if __name__ == "__main__":
    main()
