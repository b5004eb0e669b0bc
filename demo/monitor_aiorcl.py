# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard: the same nodes under aiorcl, with a web server on the same asyncio loop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json

import rclpy
from dashboard.main import listen, run, url_of


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.monitor_aiorcl", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the page (default: any)")
    listener = listen(parser.parse_args().port)
    print(json.dumps({"url": url_of(listener)}), flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(listener, lambda report: print(report, flush=True)))
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
