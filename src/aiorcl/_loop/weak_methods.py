# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Methods to call at some moment, of objects that this does not keep."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class WeakMethods:
    """Bound methods; each goes with its object."""

    def __init__(self) -> None:
        self._methods: set[weakref.WeakMethod[Callable[[], Any]]] = set()

    def add(self, method: Callable[[], Any]) -> None:
        """Call a method, too."""
        self._methods.add(weakref.WeakMethod(method, self._methods.discard))

    def call_all(self) -> None:
        """Call those whose objects are still there."""
        for reference in list(self._methods):
            method = reference()
            if method is not None:
                method()
