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
    changes,
    contexts,
    destroy,
    events,
    moves,
)


def apply() -> None:
    """Change the classes of rclpy; once, when aiorcl is imported."""
    for part in (awaiting, events, actions, changes, destroy, contexts, moves, blocking):
        part.apply()
