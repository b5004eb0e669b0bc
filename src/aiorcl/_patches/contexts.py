# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Executors hear of the end of their context before rclpy destroys its nodes.

And what a worker runs hears of the end of its executor.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rclpy.context import Context

from aiorcl._serving.context import going_down
from aiorcl._tasks.workers import workers_here


def _tell_first(shutdown: Callable[[Any], None]) -> Callable[[Any], None]:
    """As the method; but no callback of our executors begins from the moment of the call.

    rclpy destroys the nodes, then shuts the context down, and tells of it last. Callbacks that
    began meanwhile would raise what rcl says of destroyed publishers.
    """

    @functools.wraps(shutdown)
    def wrapper(self: Any) -> None:
        with going_down(self):
            shutdown(self)

    return wrapper


def _false_in_workers(ok: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """As the method; but False in a worker whose executor ends, and waits for nothing else.

    Threads that work ``while rclpy.ok()`` would hold up the end that they wait for.
    """

    @functools.wraps(ok)
    def wrapper(self: Any) -> bool:
        workers = workers_here()
        return ok(self) and not (workers is not None and workers.hold_up)

    return wrapper


def apply() -> None:
    """Change the class; once."""
    setattr(Context, "ok", _false_in_workers(Context.ok))
    setattr(Context, "shutdown", _tell_first(Context.shutdown))
    setattr(Context, "try_shutdown", _tell_first(Context.try_shutdown))
