# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from tools.loopback import isolate

from .executors import EXECUTORS
from .workloads import WORKLOADS

CONVERSION = "conversion"
EPILOG = "\n".join(
    [
        "workloads:",
        f"  {CONVERSION:20}Messages to Python objects and back, without any executor",
        *(f"  {name:20}{workload.title}" for name, workload in WORKLOADS.items()),
        "\nexecutors:",
        *(f"  {name:20}{row.title}" for name, row in EXECUTORS.items()),
        "\nA quick look at one number:",
        "  %(prog)s pingpong --executors asyncio-own events --rounds 3 --seconds 1",
    ]
)


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure what each executor costs per message.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help="any of those below (all of them)"
    )
    parser.add_argument(
        "--executors",
        nargs="+",
        choices=EXECUTORS,
        metavar="EXECUTOR",
        help="any of those below (all that are installed)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="length of a measurement (%(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw CPU per message (PNG, SVG)")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="put the tables between the marks of a Markdown page",
    )
    return parser


def main() -> int:
    """Parse, isolate, measure, report."""
    parser = make_parser()
    arguments = parser.parse_args()
    every = [CONVERSION, *WORKLOADS]
    names = arguments.workloads or every
    unknown = [name for name in names if name not in every]
    if unknown:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(every)}")
    isolate()
    # Only now: a thread that numpy starts would stay in the old network.
    from . import bench, machine, native, report
    from .progress import measure_all, measure_conversion, print_tables

    chosen = [EXECUTORS[name] for name in arguments.executors or EXECUTORS]
    missing = {row.name: row.missing() for row in chosen if row.missing()}
    if arguments.executors and missing:
        parser.error("; ".join(f"{name} needs {', '.join(gone)}" for name, gone in missing.items()))
    benchmark = bench.Bench(
        [WORKLOADS[name] for name in names if name != CONVERSION],
        [row for row in chosen if row.name not in missing],
        arguments.rounds,
        arguments.seconds,
    )
    try:
        native.library()
    except native.CompileError as error:
        parser.exit(1, f"{error}\n")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    about = machine.describe()
    conversion: list[dict[str, Any]] = []
    interrupted = CONVERSION in names and not measure_conversion(
        conversion, arguments.rounds, arguments.seconds
    )
    interrupted = interrupted or not measure_all(benchmark, missing)
    results: dict[str, Any] = {
        "machine": about,
        "rounds": arguments.rounds,
        "seconds": arguments.seconds,
        "conversion": conversion,
        "results": report.summarise(benchmark.series),
    }
    print_tables(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    if arguments.markdown:
        page = arguments.markdown.read_text()
        text = report.make_markdown(results)
        arguments.markdown.write_text(report.put_between_marks(page, text))
    if arguments.plot:
        from .plot import draw

        draw(results, arguments.plot)
    if interrupted:
        return 130
    return 1 if any(series.failures for series in benchmark.series) else 0


if __name__ == "__main__":
    sys.exit(main())
