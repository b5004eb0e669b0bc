# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The statistics of an executor as a table on the terminal, by rich."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from aiorcl._serving.statistics import EntityStats, ExecutorStats
    from aiorcl.executor import AsyncioExecutor


# How wide the table may be where it goes to a file or a pipe.
_FILE_WIDTH = 160


async def show(executor: AsyncioExecutor, seconds: float) -> None:
    """Show the table, anew every ``seconds``, until cancelled.

    On a terminal in one place; else one table after the other.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=_FILE_WIDTH)
    before = executor.stats()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            await asyncio.sleep(seconds)
            now = executor.stats()
            table = make_table(before, now, seconds)
            if console.is_terminal:
                live.update(table, refresh=True)
            else:
                console.print(table)
            before = now


def make_table(before: ExecutorStats, now: ExecutorStats, seconds: float) -> Table:
    """Make the table of what has been called at all; rates are those since ``before``."""
    notes = [
        f"{name} is converted by rclpy, slowly: {reason}"
        for name, reason in now.converted_by_rclpy.items()
    ]
    if now.longest_callback:
        longest = f"{now.longest_callback}, {_milliseconds(now.longest_callback_ns)} ms"
        notes.insert(0, f"longest callback: {longest}")
    rates = [
        f"{(now.callbacks - before.callbacks) / seconds:.0f} callbacks/s",
        f"{(now.turns - before.turns) / seconds:.0f} turns/s",
    ]
    table = Table(
        title=", ".join(rates),
        caption="\n".join(notes) or None,
        title_justify="left",
        caption_justify="left",
    )
    for name in ("node", "entity"):
        table.add_column(name, overflow="fold")
    for name in (
        "calls",
        "per s",
        "delay ms p50",
        "p99",
        "max",
        "took ms p50",
        "p99",
        "max",
        "step max",
    ):
        table.add_column(name, justify="right")
    calls = {(each.node, each.kind, each.name): each.calls for each in before.entities}
    shown = [each for each in now.entities if each.calls or each.running or each.held_back]
    states = [_state(each) for each in shown]
    if any(states):
        table.add_column("state", justify="right")
    for each, state in zip(shown, states, strict=True):
        rate = (each.calls - calls.get((each.node, each.kind, each.name), 0)) / seconds
        table.add_row(*_row(each, rate), *([state] if any(states) else []))
    return table


def _row(entity: EntityStats, rate: float) -> list[str]:
    delay, took = entity.queue_delay, entity.callback_time
    numbers = (delay.p50, delay.p99, delay.max, took.p50, took.p99, took.max, entity.step_time.max)
    name = f"{entity.kind} {entity.name}".rstrip()
    times = map(_milliseconds, numbers)
    return [entity.node, name, str(entity.calls), f"{rate:.0f}", *times]


def _state(entity: EntityStats) -> str:
    state = [f"{entity.running} running"] if entity.running else []
    return ", ".join(state + (["held back"] if entity.held_back else []))


def _milliseconds(nanoseconds: int) -> str:
    return f"{nanoseconds / 1e6:.3f}"
