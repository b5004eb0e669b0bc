# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The soak of the benchmarks: it loads a robot, samples both processes, and tells what has grown.
"""One test runs ``python -m benchmarks soak`` as a user does, for seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.soak.report import growth, rates, table

ROOT = Path(__file__).resolve().parent.parent


def sample(number: int) -> dict[str, Any]:
    """A process that gets a descriptor with each sample, one a second, and makes ten calls."""
    return {
        "seconds": float(number),
        "memory_bytes": 100_000_000,
        "descriptors": number,
        "threads": 3,
        "objects": 1000 - number,
        "tasks": 0,
        "counts": {"calls": 10 * number},
    }


SAMPLES = [sample(number) for number in range(1, 41)]


def test_growth_is_counted_from_the_second_quarter_to_the_last() -> None:
    """What the first quarter fills, such as caches, is no growth."""
    assert growth(SAMPLES) == {"MB": 0, "fds": 20, "threads": 0, "objects": -20, "tasks": 0}
    assert growth(SAMPLES[:7]) == {}


def test_the_table_has_the_first_and_the_last_sample() -> None:
    """And some between."""
    headings, cells = table(SAMPLES, 12)
    assert headings == ["s", "MB", "fds", "threads", "objects", "tasks"]
    assert cells[0] == ["1", "100", "1", "3", "999", "0"]
    assert cells[-1] == ["40", "100", "40", "3", "960", "0"]
    assert len(cells) == 11
    assert rates(SAMPLES) == {"calls": 10}


@pytest.mark.once
@pytest.mark.parametrize("executor", ["asyncio-own", "single"])
def test_both_processes_are_sampled(tmp_path: Path, executor: str) -> None:
    """Each does all that it is there for."""
    path = tmp_path / "samples.json"
    command = ["benchmarks", "soak", "--minutes", "0.1", "--executors", executor]
    done = subprocess.run(
        [sys.executable, "-m", *command, "--json", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert "From the second quarter to the last: " in done.stdout
    samples = json.loads(path.read_text())[executor]
    robot, load = samples["robot"][-1], samples["load"][-1]
    expected = {"calls", "cancelled", "images", "joints", "rounds", "succeeded", "ticks"}
    if executor.startswith("asyncio"):
        expected |= {"streamed", "streams"}
    assert expected <= robot["counts"].keys()
    assert {"calls", "goals", "images", "joints"} <= load["counts"].keys()
    assert load["tasks"] > 5
