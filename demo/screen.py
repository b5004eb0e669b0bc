# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the demo shows on the terminal."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
from dashboard.reports import Report, cpu_us_per_message, summarize
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

BAR_WIDTH = 40


class Screen:
    """A terminal, or whatever stdout is: then without colours and without anything that moves."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def chapter(self, title: str) -> None:
        self.console.print()
        self.console.rule(Text(title, style="bold"), align="left", style="dim")

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False)

    def done(self, text: str) -> None:
        self.say(f"[green]✓[/] {text}")

    def log(self, name: str) -> Callable[[str], None]:
        """Shows what a process writes to stderr."""
        return lambda line: self.console.print(
            Text(f"  {name}: {line}", style="dim"), highlight=False
        )

    def fail(self, sentence: str) -> None:
        self.console.print(Text.assemble(("✗ ", "bold red"), sentence), highlight=False)

    @contextmanager
    def progress(self) -> Iterator[Callable[[Report, float], None]]:
        """A table of what flows, and a bar; both follow the reports that the block passes on."""
        with Live(console=self.console, refresh_per_second=8) as live:
            yield lambda whole, part: live.update(Group(flow_table(whole), bar(whole, part)))
        if not self.console.is_terminal:
            # There Live prints its last state without the end of its last line.
            self.console.line()

    def waiting(self, text: str) -> AbstractContextManager[object]:
        """Show that the block waits for something; only where things can move."""
        return self.console.status(text) if self.console.is_terminal else nullcontext()

    def compare(self, measured: Mapping[str, Report]) -> None:
        """A table with a column for each measured executor."""
        self.console.print(comparison_table(measured))


def flow_table(whole: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("topic", style="cyan", no_wrap=True)
    for column in ("per second", "latency p50", "p99"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("says", style="green", no_wrap=True)
    for topic in whole.latencies_us:
        figures = summarize(whole, [topic])
        table.add_row(
            f"/{topic}",
            f"{figures.rate:.0f}",
            microseconds(figures.p50_us),
            microseconds(figures.p99_us),
            whole.contents[topic],
        )
    return table


def bar(whole: Report, part: float) -> Table:
    line = Table.grid(padding=(0, 2))
    messages = summarize(whole).messages
    line.add_row(
        ProgressBar(1.0, part, BAR_WIDTH, complete_style="cyan", finished_style="green"),
        f"{whole.seconds:.1f} s, {messages} messages, CPU {whole.cpu_percent:.1f} %",
    )
    return line


def comparison_table(measured: Mapping[str, Report]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("same nodes under", style="cyan", vertical="bottom")
    for label in measured:
        table.add_column(label, justify="right", vertical="bottom")
    wholes = measured.values()
    figures = [summarize(whole) for whole in wholes]
    for name, values in {
        "messages/s": [f"{one.rate:.0f}" for one in figures],
        "latency p50": [microseconds(one.p50_us) for one in figures],
        "latency p90": [microseconds(one.p90_us) for one in figures],
        "latency p99": [microseconds(one.p99_us) for one in figures],
        "latency max": [microseconds(one.max_us) for one in figures],
        "CPU, of one core": [f"{whole.cpu_percent:.1f} %" for whole in wholes],
        "CPU per message": [microseconds(cpu_us_per_message(whole)) for whole in wholes],
    }.items():
        table.add_row(name, *values)
    return table


def microseconds(value: float) -> str:
    return f"{value / 1000:.2f} ms" if value >= 10_000 else f"{value:.0f} us"


def percentiles_ms(values: Sequence[float]) -> str:
    p50, p99 = np.percentile(values, [50, 99])
    return f"{len(values)} requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms"
