# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the conversion of a message costs alone, by aiorcl's plans and by rclpy's functions.

Both are called from the same few lines of C++, on the same struct, so their ratio is that of the
conversions.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from .messages import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAYS = ("to_python", "from_python")
CONVERTERS = {"aiorcl": True, "rclpy": False}
# Long enough for the clock, short enough that the machine is the same for both converters.
SLICE_SEC = 0.02


def calls(cls: type, use_plan: bool) -> dict[str, Callable[[], object]]:
    """Give one function per way, each of which converts once."""
    from aiorcl._core import MessageType, RosMessage

    kind = MessageType(cls, use_plan)
    message = SAMPLES[cls.__name__]()
    filled = RosMessage(kind)
    filled.from_python(message)

    return {
        "to_python": lambda: filled.to_python(kind),
        "from_python": lambda: kind.check(message),
    }


def time_us(call: Callable[[], object], times: int) -> float:
    """Give the CPU time of one call in microseconds."""
    before = time.thread_time_ns()
    for _ in range(times):
        call()
    return (time.thread_time_ns() - before) / times / 1e3


def times_for(call: Callable[[], object]) -> int:
    """Choose how often to call."""
    once = max(time_us(call, 3), 0.05)
    return max(3, int(SLICE_SEC * 1e6 / once))


def measure(rounds: int, seconds: float) -> Iterator[dict[str, Any]]:
    """Measure message after message; give a record of each as soon as it is there."""
    for name, sample in SAMPLES.items():
        cls = type(sample())
        functions = {
            (converter, way): call
            for converter, use_plan in CONVERTERS.items()
            for way, call in calls(cls, use_plan).items()
        }
        times = {key: times_for(call) for key, call in functions.items()}
        slices: dict[tuple[str, str], list[float]] = {key: [] for key in functions}
        end = time.monotonic() + seconds * rounds
        while time.monotonic() < end or len(next(iter(slices.values()))) < 3:
            for key, call in functions.items():
                slices[key].append(time_us(call, times[key]))
        record: dict[str, Any] = {"message": name}
        for way in WAYS:
            ours, theirs = slices["aiorcl", way], slices["rclpy", way]
            record[way] = {
                "aiorcl_us": statistics.median(ours),
                "rclpy_us": statistics.median(theirs),
                "ratio": statistics.median(t / o for t, o in zip(theirs, ours, strict=True)),
            }
        yield record
