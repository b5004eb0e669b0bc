# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Which methods are rclpy's own: only those may be done without a call."""

from __future__ import annotations


class OwnMethods:
    """Some methods of a class as they are now, at the import: a test may patch the class later."""

    __slots__ = ("_methods",)

    def __init__(self, cls: type, *names: str) -> None:
        self._methods = {name: getattr(cls, name) for name in names}

    def are_those_of(self, value: object) -> bool:
        """True if nobody has put another in the place of one of them.

        That is in a subclass, in the class itself, or on the object.
        """
        cls, own = type(value), vars(value)
        return all(
            name not in own and getattr(cls, name) is method
            for name, method in self._methods.items()
        )
