# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Methods to call at some moment, of objects that this does not keep."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from aiorcl._loop.do_all import do_all


def weakly(method: Callable[[], Any]) -> Callable[[], None]:
    """Return what calls a method of an object for as long as that is there."""
    reference = weakref.WeakMethod(method)

    def call() -> None:
        bound = reference()
        if bound is not None:
            bound()

    return call


class WeakMethods:
    """Bound methods; each goes with its object, which may be unhashable, or equal to others."""

    def __init__(self) -> None:
        self._methods: dict[int, weakref.WeakMethod[Callable[[], Any]]] = {}  # by their own ids

    def add(self, method: Callable[[], Any]) -> None:
        """Call a method, too."""
        reference = weakref.WeakMethod(method, self._forget)
        self._methods[id(reference)] = reference

    def call_all(self) -> None:
        """Call those whose objects are still there, whatever others raise; raise that then."""
        do_all(*(partial(self._call, key) for key in list(self._methods)))

    def _call(self, key: int) -> None:
        reference = self._methods.get(key)
        method = None if reference is None else reference()
        if method is not None:
            method()

    def _forget(self, reference: weakref.WeakMethod[Callable[[], Any]]) -> None:
        self._methods.pop(id(reference), None)
