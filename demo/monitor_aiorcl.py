# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard: the same nodes under aiorcl, with a web server on the same asyncio loop."""

from __future__ import annotations

import argparse
import functools
import json
from typing import TYPE_CHECKING

from dashboard.main import imports_frozen, listen, serve, url_of

import aiorcl

if TYPE_CHECKING:
    from dashboard.reports import Report


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.monitor_aiorcl", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the page (default: any)")
    listener = listen(parser.parse_args().port)
    print(json.dumps({"url": url_of(listener)}), flush=True)

    def tell(report: Report) -> None:
        print(report, flush=True)

    with imports_frozen():
        aiorcl.run(functools.partial(serve, listener=listener, on_report=tell))


if __name__ == "__main__":
    main()
