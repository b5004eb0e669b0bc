# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The measured process: runs one workload on one executor and prints one line of JSON."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import json
import os
import signal

import rclpy
from rclpy.executors import ExternalShutdownException

from .executors import EXECUTORS
from .measurement import Measurement
from .nodes import make_node
from .workloads import WORKLOADS

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("The benchmark has ended")


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measured", description=__doc__)
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("executor", choices=EXECUTORS)
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--parent", type=int, required=True, help="process id")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    # Whoever hangs says where, before the parent gives up.
    faulthandler.dump_traceback_later(arguments.warmup + arguments.seconds + 25.0, exit=True)

    workload = WORKLOADS[arguments.workload]
    run = EXECUTORS[arguments.executor].run
    rclpy.init()
    node = make_node(workload)
    measurement = Measurement(node, arguments.warmup, arguments.seconds)
    node.wait_until_connected()
    with contextlib.suppress(ExternalShutdownException):
        run(node, measurement, workload.way)
    if measurement.is_alive() and not measurement.complete:
        raise RuntimeError("The executor stopped while it was measured")
    measurement.join()
    print(json.dumps(measurement.report(workload.unit)), flush=True)
    node.destroy_node()


if __name__ == "__main__":
    main()
