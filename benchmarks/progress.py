# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the person at the terminal sees: a progress line while it runs, then the tables."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from . import conversion
from .report import conversion_rows, lay_out, make_table
from .workloads import WORKLOADS

if TYPE_CHECKING:
    from .bench import Bench

# A file or a pipe has no width, and rich would take it for a narrow terminal.
console = Console() if sys.stdout.isatty() else Console(width=100)


def measure_all(benchmark: Bench, missing: dict[str, list[str]]) -> bool:
    """Measure everything; False if Ctrl-C came first, what was measured by then is kept."""
    for name, modules in missing.items():
        console.print(f"Without {name}: {', '.join(modules)} is not installed", style="yellow")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(benchmark))
        try:
            for number, series in benchmark.steps():
                progress.update(
                    task,
                    description=f"{series.workload.name} on {series.executor.name}, "
                    f"round {number + 1} of {benchmark.rounds}",
                )
                benchmark.measure(series)
                progress.advance(task)
        except KeyboardInterrupt:
            return False
    return True


def measure_conversion(records: list[dict[str, Any]], rounds: int, seconds: float) -> bool:
    """Add a record for each message to ``records``; False if Ctrl-C came first."""
    with console.status("conversion") as status:
        try:
            for record in conversion.measure(rounds, seconds):
                records.append(record)
                status.update(f"conversion: {record['message']} is measured")
        except KeyboardInterrupt:
            return False
    return True


def print_tables(results: dict[str, Any]) -> None:
    """Print one table for the conversions, and one per workload."""
    if results["conversion"]:
        console.print("\n[bold]conversion[/]: messages to Python objects and back", highlight=False)
        console.print("CPU per message in microseconds, by rclpy and by aiorcl", style="dim")
        console.print(lay_out(*conversion_rows(results["conversion"])), end="")
    records = results["results"]
    for name, group in itertools.groupby(records, key=lambda record: record["workload"]):
        workload = WORKLOADS[name]
        console.print(f"\n[bold]{name}[/]: {workload.title}", highlight=False)
        what = f"CPU and context switches per {workload.unit}"
        if workload.latency:
            what += f"; latency: {workload.latency}"
        console.print(what, style="dim")
        measured = list(group)
        console.print(make_table(measured), end="")
        for record in measured:
            for failure in record["failures"]:
                console.print(f"{record['executor']}: {failure}", style="red", markup=False)
    console.print(
        "CPU us: user and system time of all threads of the process, median over the rounds.\n"
        "/ events, / single, / floor: CPU compared with that executor in the same round (median)."
    )
