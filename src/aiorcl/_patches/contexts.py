# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Executors hear of the end of their context before rclpy destroys its nodes.

And threads hear of the end of a program that waits for them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rclpy.context import Context

from aiorcl._serving.context import going_down
from aiorcl._serving.told_threads import is_told


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


def _false_in_told_threads(ok: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """As the method; but False for threads for which alone the end of a program waits."""

    @functools.wraps(ok)
    def wrapper(self: Any) -> bool:
        return ok(self) and not is_told(self)

    return wrapper


def apply() -> None:
    """Change the class; once."""
    setattr(Context, "ok", _false_in_told_threads(Context.ok))
    setattr(Context, "shutdown", _tell_first(Context.shutdown))
    setattr(Context, "try_shutdown", _tell_first(Context.try_shutdown))
