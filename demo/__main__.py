# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``python -m demo``."""

from __future__ import annotations

import argparse
import sys

from tools import loopback


def positive(text: str) -> float:
    """Read a number of seconds."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="A robot in one process, its monitor in another: unmodified rclpy nodes and "
        "a web server on one asyncio loop, next to the same nodes under SingleThreadedExecutor.",
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        default=4.0,
        help="length of each of the three measurements (default: %(default)s)",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave the page up for a browser, until Ctrl-C. Without it the demo runs where only "
        "the loopback interface exists, if the system allows that; with it ROS is limited to "
        "this machine by ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST alone, so that the browser "
        "reaches the page",
    )
    parser.add_argument("--port", type=int, default=0, help="port of the page (default: any free)")
    parser.add_argument(
        "--patience",
        type=positive,
        default=20.0,
        help="seconds to wait for messages before giving up (default: %(default)s)",
    )
    return parser


def main() -> int:
    """Run the demo; its exit status."""
    options = make_parser().parse_args()
    if not options.keep:
        loopback.isolate()
    # Imported only now: NumPy starts threads, and a process that has threads is not isolated.
    from demo.story import run

    return run(options.seconds, options.patience, options.port, options.keep)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
