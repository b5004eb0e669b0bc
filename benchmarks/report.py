# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the measured series into medians, ratios, a table on the terminal and JSON."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from .workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .bench import Sample, Series

REFERENCES = ("events", "single", "floor")


def spread(values: Iterable[float | None]) -> dict[str, float] | None:
    """Give median, minimum and maximum of the values that there are."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return {"median": statistics.median(known), "min": min(known), "max": max(known)}


def ratio(samples: list[Sample], reference: list[Sample]) -> dict[str, float] | None:
    """Compare CPU per message with the reference's of the same round, where both were measured.

    What slows the machine for a while slows both, so a round's ratio moves less than its numbers.
    """
    return spread(
        own.cpu_us / other.cpu_us
        for own, other in zip(samples, reference, strict=False)
        if own.cpu_us and other.cpu_us
    )


def summarise(series: list[Series]) -> list[dict[str, Any]]:
    """Give one record per workload and executor measured, as it stands in the JSON file."""
    by_name = {(row.workload.name, row.executor.name): row for row in series}
    records = []
    for row in series:
        if not row.samples and not row.failures:
            continue
        latencies = [sample.latency_us for sample in row.samples if sample.latency_us]
        records.append(
            {
                "workload": row.workload.name,
                "executor": row.executor.name,
                "unit": row.workload.unit,
                "rounds": len(row.samples),
                "failures": row.failures,
                "cpu_us": spread(sample.cpu_us for sample in row.samples),
                "rate": spread(sample.rate for sample in row.samples),
                "context_switches": spread(sample.switches for sample in row.samples),
                "latency_us": {
                    key: spread(latency[key] for latency in latencies)
                    for key in (latencies[0] if latencies else ())
                },
                "cpu_ratio": {
                    name: ratio(row.samples, other.samples)
                    for name in REFERENCES
                    if (other := by_name.get((row.workload.name, name))) is not None
                },
            }
        )
    return records


def rows(records: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Give headings and cells of one workload: medians over the rounds, and the CPU's range."""
    references = [name for name in REFERENCES if any(r["cpu_ratio"].get(name) for r in records)]
    headings = ["executor", "CPU us", "min-max", "rate/s", "p50 us", "p99 us", "switches"]
    cells = []
    for record in records:
        cpu, latency = record["cpu_us"], record["latency_us"]
        cells.append(
            [
                record["executor"],
                median(cpu),
                f"{number(cpu['min'])}-{number(cpu['max'])}" if cpu else "",
                "" if record["unit"] == "second" else median(record["rate"]),
                median(latency.get("p50")),
                median(latency.get("p99")),
                median(record["context_switches"]),
                *(median(record["cpu_ratio"].get(name), digits=2) for name in references),
            ]
        )
    return [*headings, *(f"/ {name}" for name in references)], cells


def conversion_rows(records: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Give headings and cells of the conversions: rclpy's, ours, and how much cheaper ours is."""
    headings = ["message"]
    for way in ("to", "from"):
        headings += [f"{way} Python: rclpy", "aiorcl", "ratio"]
    cells = []
    for record in records:
        row = [record["message"]]
        for way in ("to_python", "from_python"):
            values = record[way]
            row += [number(values["rclpy_us"]), number(values["aiorcl_us"])]
            row.append(number(values["ratio"]))
        cells.append(row)
    return headings, cells


def make_table(records: list[dict[str, Any]]) -> Table:
    """Lay out the records of one workload for the terminal; ours are bold."""
    return lay_out(*rows(records))


def lay_out(headings: list[str], cells: list[list[str]]) -> Table:
    """Lay out a table for the terminal."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in headings:
        table.add_column(heading, no_wrap=True, justify="left" if not table.columns else "right")
    for row in cells:
        table.add_row(*row, style="bold" if row[0].startswith("asyncio") else "")
    return table


def make_markdown(results: dict[str, Any]) -> str:
    """Lay out everything that the JSON file holds as a section of a Markdown page."""
    about = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = [
        f"{about['processor']}, {about['cores']} cores, Linux {about['kernel']}, load average "
        f"{about['load_average'][0]:.1f} before; Python {about['python']}; {versions}. "
        f"{results['rounds']} rounds of {results['seconds']:g} s.",
    ]
    if results["conversion"]:
        lines += [
            "",
            "### conversion",
            "",
            "CPU per message in microseconds.",
            "",
        ]
        lines += markdown_table(*conversion_rows(results["conversion"]))
    by_workload = itertools.groupby(results["results"], key=lambda record: record["workload"])
    for name, group in by_workload:
        headings, cells = rows(list(group))
        lines += [
            "",
            f"### {name}",
            "",
            f"{WORKLOADS[name].title}; per {WORKLOADS[name].unit}.",
            "",
        ]
        lines += markdown_table(headings, cells)
    return "\n".join(lines)


def markdown_table(headings: list[str], cells: list[list[str]]) -> list[str]:
    """Give the lines of a table whose first column is text and the others numbers."""
    alignments = [":--", *["--:"] * len(headings[1:])]
    return [f"| {' | '.join(row)} |" for row in (headings, alignments, *cells)]


def median(values: dict[str, float] | None, digits: int | None = None) -> str:
    """Write the median for people; nothing if there is none."""
    if values is None:
        return ""
    return number(values["median"]) if digits is None else f"{values['median']:.{digits}f}"


def number(value: float) -> str:
    """Write a number with three digits or, where it is larger, as a whole."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
