# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Which methods are rclpy's own: only those may be done without a call."""

from __future__ import annotations

import sys
from types import FunctionType


class OwnMethods:
    """Some methods of a class, as the module that has the class defines them.

    Not as they are at our import: a tracer, or a test, may have patched the class before.
    """

    __slots__ = ("_cls", "_methods")

    def __init__(self, cls: type, *names: str) -> None:
        self._cls = cls
        self._methods = {name: _own(cls, name) for name in names}

    def are_all_of(self, value: object) -> bool:
        """True for an object of just the class, if they are those that it has."""
        return type(value) is self._cls and self.are_those_of(value)

    def are_those_of(self, value: object) -> bool:
        """True if nobody has put another in the place of one of them.

        That is in a subclass, in the class itself, or on the object.
        """
        cls, own = type(value), vars(value)
        return all(
            name not in own and getattr(cls, name) is method
            for name, method in self._methods.items()
        )


def _own(cls: type, name: str) -> object:
    """Return a method of a class; an object that is none if it was replaced.

    By where its code is: a wrapper may have the name and the module of what it calls.
    """
    method = getattr(cls, name)
    defined = next(base for base in cls.__mro__ if name in vars(base))
    is_own = (
        isinstance(method, FunctionType)
        and method.__globals__ is vars(sys.modules[defined.__module__])
        and method.__code__.co_name == name
    )
    return method if is_own else object()
