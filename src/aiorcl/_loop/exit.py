# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of executors that nobody shut down when the interpreter ends."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from typing import Any

_ends: set[weakref.WeakMethod[Callable[[], Any]]] = set()


def at_exit(end: Callable[[], Any]) -> None:
    """Call a method when the interpreter ends, if its object is still there."""
    _ends.add(weakref.WeakMethod(end, _ends.discard))


@atexit.register
def _end_all() -> None:
    # The middleware must not call into an interpreter that goes down, and a daemon thread that runs
    # an executor must not be killed inside it.
    for reference in list(_ends):
        end = reference()
        if end is not None:
            end()
