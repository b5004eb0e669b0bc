# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from tools.loopback import isolate

from .executors import EXECUTORS
from .workloads import WORKLOADS


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what each executor costs per message.",
        epilog="Quick look at one number: %(prog)s pingpong --executors asyncio-own events",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"any of {', '.join(WORKLOADS)} (all)"
    )
    parser.add_argument(
        "--executors",
        nargs="+",
        choices=EXECUTORS,
        metavar="EXECUTOR",
        help=f"any of {', '.join(EXECUTORS)} (all that are installed)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="length of a measurement (%(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw CPU per message (PNG, SVG)")
    return parser


def main() -> int:
    """Parse, isolate, measure, report."""
    parser = make_parser()
    arguments = parser.parse_args()
    unknown = [name for name in arguments.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    isolate()
    # Only now: a thread that numpy starts would stay in the old network.
    from . import bench, machine, native, report
    from .progress import measure_all, print_tables

    chosen = [EXECUTORS[name] for name in arguments.executors or EXECUTORS]
    missing = {row.name: row.missing() for row in chosen if row.missing()}
    if arguments.executors and missing:
        parser.error("; ".join(f"{name} needs {', '.join(gone)}" for name, gone in missing.items()))
    benchmark = bench.Bench(
        [WORKLOADS[name] for name in arguments.workloads or WORKLOADS],
        [row for row in chosen if row.name not in missing],
        arguments.rounds,
        arguments.seconds,
    )
    try:
        native.library()
    except native.CompileError as error:
        parser.exit(1, f"{error}\n")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupted = not measure_all(benchmark, missing)
    records = report.summarise(benchmark.series)
    print_tables(records)
    if arguments.json:
        everything = {
            "machine": machine.describe(),
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "results": records,
        }
        arguments.json.write_text(json.dumps(everything, indent=2) + "\n")
    if arguments.plot:
        from .plot import draw

        draw(records, arguments.plot)
    if interrupted:
        return 130
    return 1 if any(series.failures for series in benchmark.series) else 0


if __name__ == "__main__":
    sys.exit(main())
