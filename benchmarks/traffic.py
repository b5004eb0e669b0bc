# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The publishing process: sends the time on some topics until it is terminated."""

from __future__ import annotations

import argparse
import ctypes
import time

import rclpy
from rclpy.serialization import serialize_message
from rclpy.signals import SignalHandlerOptions

from . import native
from .measured import die_with_parent
from .messages import SAMPLES
from .nodes import DEPTH


def main() -> None:
    """Publish once every topic has its subscription."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traffic", description=__doc__)
    parser.add_argument("message", choices=SAMPLES)
    parser.add_argument("--topics", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True, help="over all topics; 0 for a flood")
    parser.add_argument("--parent", type=int, required=True, help="process id")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)

    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("traffic")
    message = SAMPLES[arguments.message]()
    publishers = [
        node.create_publisher(type(message), f"topic_{number}", DEPTH)
        for number in range(arguments.topics)
    ]
    while not all(publisher.get_subscription_count() for publisher in publishers):
        time.sleep(0.01)
    addresses = native.pointers([publisher.handle.pointer for publisher in publishers])
    loops = native.load()
    if arguments.message == "Int64":
        failed = loops.publish(addresses, len(publishers), arguments.rate)
    else:
        data = bytearray(serialize_message(message))
        buffer = (ctypes.c_uint8 * len(data)).from_buffer(data)
        failed = loops.publish_serialized(addresses[0], buffer, len(data), arguments.rate)
    node.destroy_node()
    rclpy.shutdown()
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
