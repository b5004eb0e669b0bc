# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Every change that aiorcl makes to classes of rclpy, each with its reason.

Imports ``_serving`` and below, and ``apply()`` is called once, by ``import aiorcl``. Invariant:
whatever is on no `AsyncioExecutor` behaves as without aiorcl.
"""

from aiorcl._patches import (
    actions,
    awaiting,
    blocking,
    blocking_requests,
    changes,
    contexts,
    destroy,
    event_setters,
    filters,
    lifecycle,
    loggers,
    moves,
)

_left = [
    awaiting,
    event_setters,
    loggers,
    actions,
    filters,
    changes,
    destroy,
    contexts,
    moves,
    blocking_requests,
    blocking,
    lifecycle,
]


def apply() -> None:
    """Change the classes of rclpy, when aiorcl is imported; once, also if that was interrupted."""
    while _left:
        _left.pop(0).apply()
