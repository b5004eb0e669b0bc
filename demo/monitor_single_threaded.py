# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The dashboard's nodes under SingleThreadedExecutor; reports go to stdout, one JSON line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.monitors import Reporter, make_monitors
from dashboard.operator import Motors, Patrols

from demo import single_threaded

if TYPE_CHECKING:
    from rclpy.node import Node


def make_nodes() -> list[Node]:
    monitors = make_monitors()
    reporter = Reporter(monitors, lambda report: print(report, flush=True))
    return [*monitors, reporter, Motors(), Patrols()]


if __name__ == "__main__":
    single_threaded.spin(make_nodes)
