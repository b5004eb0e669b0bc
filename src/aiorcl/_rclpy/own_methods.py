# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Which methods are rclpy's own: only those may be done without a call."""

from __future__ import annotations


class OwnMethods:
    """Some methods of a class as they are now, at the import: a test may patch the class later."""

    __slots__ = ("_cls", "_methods")

    def __init__(self, cls: type, *names: str) -> None:
        self._cls = cls
        self._methods = {name: getattr(cls, name) for name in names}

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
