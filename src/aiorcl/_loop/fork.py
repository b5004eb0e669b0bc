# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of executors in a forked child: they stay the parent's."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import Any

_methods: set[weakref.WeakMethod[Callable[[], Any]]] = set()


def in_forked_child(leave: Callable[[], Any]) -> None:
    """Call a method in each forked child, right after the fork, if its object is still there."""
    _methods.add(weakref.WeakMethod(leave, _methods.discard))


def _leave_all() -> None:
    for reference in list(_methods):
        method = reference()
        if method is not None:
            method()


os.register_at_fork(after_in_child=_leave_all)
