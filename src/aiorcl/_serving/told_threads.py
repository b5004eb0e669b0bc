# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Threads are told by ``rclpy.ok()`` that a program ends, while ROS is up yet for its nodes.

Those that work ``while rclpy.ok()`` would hold up the end that they wait for.
"""

from __future__ import annotations

import threading
from types import FrameType
from typing import TYPE_CHECKING

import rclpy.utilities

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.run import something_runs_here
from aiorcl._tasks.workers import workers_here

if TYPE_CHECKING:
    from rclpy.context import Context

# The thread that ends the program of each context.
_ends: ByIdentity[Context, int] = ByIdentity()


def tell_threads(context: Context) -> None:
    """Nothing but other threads holds up the end of the program which this thread runs."""
    _ends[context] = threading.get_ident()


def tell_no_more(context: Context) -> None:
    """The program has ended."""
    _ends.pop(context)


def is_told(context: Context, frame: FrameType | None) -> bool:
    """Tell whether the calling thread shall hear that a context is down.

    Not where an executor goes on, and not of rclpy itself: what a thread does at its end, to make a
    node say, would fail.

    :param frame: which asks.
    """
    end = _ends.get(context)
    if end is None or end == threading.get_ident() or something_runs_here():
        return False
    workers = workers_here()
    return (workers is None or workers.hold_up) and _is_of_the_user(frame)


def _is_of_the_user(frame: FrameType | None) -> bool:
    if frame is not None and frame.f_code is rclpy.utilities.ok.__code__:
        frame = frame.f_back
    name = "" if frame is None else str(frame.f_globals.get("__name__"))
    return name.partition(".")[0] not in ("rclpy", "aiorcl")
