# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of an object that the collector takes."""

from __future__ import annotations

from collections.abc import Callable


class Finalizer:
    """Calls a method when the collector takes the one object that holds this, and it with that.

    A ``__del__`` of that object's class may be overridden by a user who does not call it.
    """

    __slots__ = ("_method",)

    def __init__(self, method: Callable[[], None]) -> None:
        self._method = method

    def __del__(self) -> None:
        self._method()
