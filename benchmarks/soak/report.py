# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What has grown: the samples of a process as rows, and what was added after its first quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MEGABYTE = 1e6
#: Heading, and how to read it in a sample.
COLUMNS: dict[str, Callable[[dict[str, Any]], float]] = {
    "MB": lambda sample: sample["memory_bytes"] / MEGABYTE,
    "fds": lambda sample: sample["descriptors"],
    "threads": lambda sample: sample["threads"],
    "objects": lambda sample: sample["objects"],
    "tasks": lambda sample: sample["tasks"],
}


def table(samples: list[dict[str, Any]], rows: int) -> tuple[list[str], list[list[str]]]:
    """Give headings and cells: at most so many samples, and the last one."""
    chosen = samples[:: max(1, -(-len(samples) // rows))]
    if samples and chosen[-1] is not samples[-1]:
        chosen.append(samples[-1])
    cells = [
        [f"{sample['seconds']:.0f}", *(_number(read(sample)) for read in COLUMNS.values())]
        for sample in chosen
    ]
    return ["s", *COLUMNS], cells


def rates(samples: list[dict[str, Any]]) -> dict[str, float]:
    """Give what was done per second, over all samples."""
    if not samples:
        return {}
    last = samples[-1]
    return {name: count / last["seconds"] for name, count in sorted(last["counts"].items())}


def growth(samples: list[dict[str, Any]]) -> dict[str, float]:
    """Give by how much each column has grown after the first quarter: the caches are filled then.

    It compares the means of the second quarter and the last one, and is empty for fewer than eight
    samples.
    """
    quarter = len(samples) // 4
    if quarter < 2:
        return {}
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    return {
        name: (sum(map(read, late)) - sum(map(read, early))) / quarter
        for name, read in COLUMNS.items()
    }


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
