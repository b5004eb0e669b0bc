# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The monitor under SingleThreadedExecutor; reports go to stdout, one JSON line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo import single_threaded
from demo.nodes import Attitude, Motors, Odometer, Proximity, Reporter, Wheels

if TYPE_CHECKING:
    from rclpy.node import Node


def make_nodes() -> list[Node]:
    monitors = [Odometer(), Attitude(), Proximity(), Wheels()]
    return [*monitors, Motors(), Reporter(monitors, lambda report: print(report, flush=True))]


if __name__ == "__main__":
    single_threaded.spin(make_nodes)
