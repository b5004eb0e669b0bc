# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``python -m benchmarks.soak``."""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.loopback import isolate

from ..bench import ROOT, running
from ..executors import EXECUTORS

if TYPE_CHECKING:
    import subprocess

#: The floor has no node's callbacks, and EventsExecutor needs an rclpy that has it.
CHOICES = [name for name in EXECUTORS if name != "floor"]
PROCESSES = ("robot", "load")
ROWS = 12
PATIENCE_SEC = 60.0  # to begin, and to end


def make_parser(prog: str) -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Load a robot from another process for minutes, and tell what has grown: "
        "memory, descriptors, threads, objects and tasks.",
    )
    parser.add_argument(
        "--executors",
        nargs="+",
        choices=CHOICES,
        default=["asyncio-own"],
        metavar="EXECUTOR",
        help=f"one after another, of {', '.join(CHOICES)} (asyncio-own)",
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for each (%(default)g)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples")
    return parser


def main(arguments: list[str] | None = None, prog: str = "python -m benchmarks.soak") -> int:
    """Parse, isolate, soak, report; 1 if a process failed."""
    parser = make_parser(prog)
    options = parser.parse_args(arguments)
    if options.minutes <= 0:
        parser.error(f"argument --minutes: {options.minutes:g} is no time to soak")
    isolate()
    results: dict[str, Any] = {}
    failures: list[str] = []
    try:
        for executor in options.executors:
            samples: dict[str, list[dict[str, Any]]] = {name: [] for name in PROCESSES}
            results[executor] = samples
            failures += soak(executor, 60.0 * options.minutes, samples)
            print_report(executor, samples)
    except KeyboardInterrupt:
        return 130
    finally:
        if options.json:
            options.json.write_text(json.dumps(results, indent=1))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def soak(executor: str, seconds: float, samples: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Run both processes, and collect what they print; tell what failed."""
    from ..progress import console

    every = max(0.5, min(5.0, seconds / 60))
    environment = os.environ | {
        "ROS_DOMAIN_ID": str(random.randrange(100)),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.getenv("PYTHONPATH")])),
    }
    lines: queue.Queue[tuple[str, str]] = queue.Queue()
    failures = []
    with ExitStack() as stack, console.status(f"soak on {executor}") as status:
        times = ["--every", str(every)]
        commands = {
            "robot": ["soak.robot", executor, *times],
            "load": ["soak.load", "--seconds", str(seconds), *times],
        }
        processes = {
            name: stack.enter_context(running(command, environment))
            for name, command in commands.items()
        }
        for name, process in processes.items():
            threading.Thread(target=_forward, args=(name, process, lines), daemon=True).start()
        left = set(PROCESSES)
        while left:
            try:
                name, line = lines.get(timeout=every + PATIENCE_SEC)
            except queue.Empty:
                failures.append(f"{' and '.join(sorted(left))} on {executor}: nothing heard")
                break
            if not line:
                left.discard(name)
                processes["robot"].terminate()  # which would serve for ever
                continue
            samples[name].append(json.loads(line))
            passed = samples[name][-1]["seconds"]
            status.update(f"soak on {executor}: {passed:.0f} of {seconds:.0f} s")
        for name, process in processes.items():
            if name not in left and process.wait(PATIENCE_SEC):
                assert process.stderr is not None
                told = process.stderr.read().strip()
                failures.append(f"{name} on {executor}: exit status {process.returncode}\n{told}")
    return failures


def _forward(
    name: str, process: subprocess.Popen[str], lines: queue.Queue[tuple[str, str]]
) -> None:
    """Pass on what a process prints, and an empty line at its end."""
    assert process.stdout is not None
    for line in process.stdout:
        lines.put((name, line))
    lines.put((name, ""))


def print_report(executor: str, samples: dict[str, list[dict[str, Any]]]) -> None:
    """Print a table for each process, and what has grown."""
    from ..progress import console
    from ..report import lay_out
    from .report import growth, rates, table

    for name, taken in samples.items():
        console.print(f"\n[bold]{name}[/]: on {executor}", highlight=False)
        console.print(lay_out(*table(taken, ROWS)), end="")
        done = ", ".join(f"{what} {rate:.1f}" for what, rate in rates(taken).items())
        console.print(f"Per second: {done}", highlight=False)
        if grown := growth(taken):
            told = ", ".join(f"{value:+.2f} {what}" for what, value in grown.items())
            console.print(f"From the second quarter to the last: {told}", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
