# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Threads are told by ``rclpy.ok()`` that a program ends, while ROS is up yet for its nodes.

Those that work ``while rclpy.ok()`` would hold up the end that they wait for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING

import rclpy.utilities

from aiorcl._loop.blocks import block
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.private import frame_above
from aiorcl._loop.run import something_runs_here
from aiorcl._tasks.workers import workers_here

if TYPE_CHECKING:
    from rclpy.context import Context

# The thread that ends the program of each context.
_ends: ByIdentity[Context, int] = ByIdentity()


@block
def telling_threads(context: Context) -> Iterator[None]:
    """In the block other threads alone hold up the end of the program that owns a context."""
    try:
        _ends[context] = threading.get_ident()
        yield
    finally:
        _ends.pop(context)


def is_told(context: Context) -> bool:
    """Tell whether the calling thread shall hear that a context is down.

    Not where an executor goes on, and not of rclpy itself: what a thread does at its end, to make a
    node say, would fail.
    """
    workers = workers_here()
    if workers is not None:
        told = workers.hold_up() and workers.told_context is context
    else:
        told = _ends.get(context) not in (None, threading.get_ident())
    return told and not something_runs_here() and _user_asks()


def _user_asks() -> bool:
    """Tell whether code of the user's has called ``ok()``."""
    frame: FrameType | None = frame_above(1)
    while frame is not None and _passes_on(frame):
        frame = frame.f_back
    return frame is not None and _module(frame).partition(".")[0] not in ("rclpy", "aiorcl")


def _passes_on(frame: FrameType) -> bool:
    return _module(frame) in _BETWEEN or frame.f_code is rclpy.utilities.ok.__code__


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__"))


# The modules of what stands between who asks, and here.
_BETWEEN = (__name__, "aiorcl._patches.contexts")
