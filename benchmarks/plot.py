# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Draws CPU per message of every executor, one panel per workload, and one for conversions."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from .report import number
from .workloads import WORKLOADS

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

COLUMNS = 2
OWN, PEER, FLOOR = "tab:blue", "tab:gray", "black"


def draw(results: dict[str, Any], path: Path) -> None:
    """Write the plot; the name's ending chooses the format.

    :param results: what the JSON file holds.
    """
    by_workload = itertools.groupby(results["results"], key=lambda record: record["workload"])
    groups = [(name, [r for r in group if r["cpu_us"]]) for name, group in by_workload]
    groups = [(name, group) for name, group in groups if group]
    conversion = results["conversion"]
    count = len(groups) + bool(conversion)
    rows = max(1, math.ceil(count / COLUMNS))
    figure = Figure(figsize=(11, 2.4 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False)
    for panel in panels.flat[count:]:
        panel.set_visible(False)
    for panel, (name, group) in zip(panels.flat, groups, strict=False):
        draw_panel(panel, name, group)
    if conversion:
        draw_conversion(panels.flat[len(groups)], conversion)
    figure.suptitle("CPU of all threads, microseconds (logarithmic); lines: least to greatest")
    with rc_context({"svg.fonttype": "none"}):  # text stays text: two thirds of the size
        figure.savefig(path)


def draw_panel(panel: Axes, name: str, records: list[dict[str, Any]]) -> None:
    """Draw one workload: a bar per executor, with a line from the least to the greatest value."""
    spreads = [record["cpu_us"] for record in records]
    medians = [spread["median"] for spread in spreads]
    below = [spread["median"] - spread["min"] for spread in spreads]
    above = [spread["max"] - spread["median"] for spread in spreads]
    names = [record["executor"] for record in records]
    bars = panel.barh(
        names,
        medians,
        xerr=[below, above],
        color=[colour(executor) for executor in names],
        error_kw={"ecolor": "tab:red", "elinewidth": 1.2},
    )
    panel.bar_label(bars, [f" {number(value)}" for value in medians], padding=3, fontsize=8)
    panel.set_xscale("log")
    panel.set_xlim(min(medians) / 3, max(spread["max"] for spread in spreads) * 4)
    panel.invert_yaxis()
    panel.set_title(f"{name}, per {WORKLOADS[name].unit}", fontsize=10)
    panel.tick_params(labelsize=8)


def draw_conversion(panel: Axes, records: list[dict[str, Any]]) -> None:
    """Draw how many times cheaper than rclpy's our conversions are: two bars per message."""
    height = 0.4
    for offset, way, shade in ((-0.5, "to_python", OWN), (0.5, "from_python", "tab:cyan")):
        panel.barh(
            [number + offset * height for number in range(len(records))],
            [record[way]["ratio"] for record in records],
            height,
            color=shade,
            label=way.replace("_", " ").replace("python", "Python"),
        )
    panel.set_yticks(range(len(records)), [record["message"] for record in records])
    panel.axvline(1, color=FLOOR, linewidth=0.8)
    panel.set_xscale("log")
    panel.invert_yaxis()
    panel.legend(fontsize=8)
    panel.set_title("conversion, times cheaper than rclpy's", fontsize=10)
    panel.tick_params(labelsize=8)


def colour(executor: str) -> str:
    """Set ours, the peers and the floor apart."""
    if executor.startswith("asyncio"):
        return OWN
    return FLOOR if executor == "floor" else PEER
