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
SOAK = "soak"
EPILOG = "\n".join(
    [
        "workloads:",
        f"  {CONVERSION:20}Messages to Python objects and back, without any executor",
        f"  {SOAK:20}Growth over time; not among all of them, and with options of its own",
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
    parser.add_argument(
        "--page",
        type=Path,
        metavar="FILE",
        help="put the tables between the marks of a Markdown page, and panels and all numbers into "
        "the folder of its name",
    )
    parser.add_argument(
        "--read",
        type=Path,
        metavar="FILE",
        help="measure nothing: take the numbers that --json or --page has written",
    )
    return parser


def main() -> int:
    """Parse, isolate, measure, report."""
    if sys.argv[1:2] == [SOAK]:
        from .soak.__main__ import main as soak

        return soak(sys.argv[2:], f"python -m benchmarks {SOAK}")
    parser = make_parser()
    arguments = parser.parse_args()
    every = [CONVERSION, *WORKLOADS]
    names = arguments.workloads or every
    unknown = [name for name in names if name not in every]
    if unknown:
        parser.error(f"no workload {', '.join(unknown)}; there are {', '.join(every)}")
    if arguments.read:
        results, status = json.loads(arguments.read.read_text()), 0
    else:
        results, status = measure(parser, arguments, names)
    from . import page
    from .progress import print_tables

    print_tables(results)
    if arguments.json:
        arguments.json.write_text(page.dumped(results))
    if arguments.page:
        page.write(results, arguments.page)
    return status


def measure(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace, names: list[str]
) -> tuple[dict[str, Any], int]:
    """Measure the workloads; give all numbers, and the exit status."""
    isolate()
    # Only now: a thread that numpy starts would stay in the old network.
    from . import bench, machine, native, report
    from .progress import measure_all, measure_conversion

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
    if interrupted:
        return results, 130
    return results, 1 if any(series.failures for series in benchmark.series) else 0


if __name__ == "__main__":
    sys.exit(main())
