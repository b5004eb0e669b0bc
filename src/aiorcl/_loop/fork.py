# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of executors in a forked child: they stay the parent's."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from aiorcl._loop.weak_methods import WeakMethods

_methods = WeakMethods()


def in_forked_child(leave: Callable[[], Any]) -> None:
    """Call a method in each forked child, right after the fork, if its object is still there."""
    _methods.add(leave)


os.register_at_fork(after_in_child=_methods.call_all)
