# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Draws the numbers as panels of bars, each an SVG: one per workload, one per comparison."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from .report import number
from .workloads import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Callable

    Scale = Callable[[float], float]

# As far from white as from the ground of a dark page: a picture cannot know which it stands on.
TEXT = "#7b7b7b"
OURS, OURS_TOO, PEER, FLOOR, RANGE = "#2f7fd6", "#1f9a8a", "#8f8f8f", "#b87a16", "#d43d51"

# In pixels, where nothing shrinks it: two panels beside each other on a screen, one on a phone.
WIDTH = 408
TOP, ROW = 34, 21
LETTER, NUMBER = 7.5, 62  # the room that one of a label takes, and that a number takes
#: The one executor that dwarfs the others, so it has a panel of its own.
APART = "multi"


@dataclass(frozen=True, slots=True)
class Bar:
    """A value, the range of its rounds if it has one, and the colour."""

    label: str
    value: float
    colour: str
    low: float | None = None
    high: float | None = None


def panels(results: dict[str, Any]) -> dict[str, str]:
    """Draw everything that the JSON file holds.

    :returns: the SVG of each panel, by its name.
    """
    drawn = {}
    by_workload = itertools.groupby(results["results"], key=lambda record: record["workload"])
    for name, group in by_workload:
        bars = [
            Bar(
                record["executor"],
                cpu["median"],
                colour(record["executor"]),
                cpu["min"],
                cpu["max"],
            )
            for record in group
            if record["executor"] != APART and (cpu := record["cpu_us"])
        ]
        if bars:
            drawn[name] = panel(f"{name}: CPU us per {WORKLOADS[name].unit}", bars)
    apart = [
        Bar(record["workload"], ratio["median"], PEER)
        for record in results["results"]
        if record["executor"] == APART and (ratio := record["cpu_ratio"].get("single"))
    ]
    if apart:
        title = "MultiThreadedExecutor: CPU / single"
        drawn[APART] = panel(title, apart, times=True)
    conversion = [
        Bar(f"{record['message']}{suffix}", record[way]["ratio"], shade)
        for record in results["conversion"]
        for way, suffix, shade in (("to_python", ", to", OURS), ("from_python", ", from", OURS_TOO))
    ]
    if conversion:
        title = "conversion: times cheaper than rclpy's"
        drawn["conversion"] = panel(title, conversion, times=True)
    return drawn


def panel(title: str, bars: list[Bar], times: bool = False) -> str:
    """Draw one panel; the bars of factors (``times``) are logarithmic and begin at 1."""
    height = TOP + ROW * len(bars) + 4
    left = 8 + round(LETTER * max(len(bar.label) for bar in bars))
    place = (_logarithmic if times else _linear)(bars, left)
    start = place(1 if times else 0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="system-ui, sans-serif" font-size="13" '
        f'fill="{TEXT}">',
        f"<title>{escape(title)}</title>",
        f'<text x="0" y="18" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    for row, bar in enumerate(bars):
        lines += _row(bar, left, TOP + ROW * row, place, start)
    lines.append(f'<path d="M{start:.1f} {TOP - 2}V{height - 4}" stroke="{TEXT}"/>')
    return "\n".join([*lines, "</svg>", ""])


def colour(executor: str) -> str:
    """Set ours, the peers and the floor apart."""
    if executor.startswith("asyncio"):
        return OURS
    return FLOOR if executor == "floor" else PEER


def _row(bar: Bar, left: int, top: int, place: Scale, start: float) -> list[str]:
    end, middle = place(bar.value), top + ROW / 2
    begin, width = min(start, end), max(abs(end - start), 1)
    lines = [
        f'<text x="{left - 8}" y="{middle + 4}" text-anchor="end">{escape(bar.label)}</text>',
        f'<rect x="{begin:.1f}" y="{top + 3}" width="{width:.1f}" height="{ROW - 6}" '
        f'fill="{bar.colour}"/>',
    ]
    after = max(start, end)
    if bar.low is not None and bar.high is not None:
        after = max(after, place(bar.high))
        ends = f"M{place(bar.low):.1f} {middle}H{place(bar.high):.1f}"
        lines.append(f'<path d="{ends}" stroke="{RANGE}" stroke-width="2"/>')
    lines.append(f'<text x="{after + 6:.1f}" y="{middle + 4}">{number(bar.value)}</text>')
    return lines


def _linear(bars: list[Bar], left: int) -> Scale:
    greatest = max(max(bar.value, bar.high or 0) for bar in bars)
    return lambda value: left + (WIDTH - left - NUMBER) * value / greatest


def _logarithmic(bars: list[Bar], left: int) -> Scale:
    values = [1, *(bar.value for bar in bars)]
    decades = math.log10(max(values) / min(values)) or 1
    scale = (WIDTH - left - NUMBER) / decades
    return lambda value: left + scale * math.log10(value / min(values))
