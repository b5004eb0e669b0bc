# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What is known of objects of the user's, who may have made them unhashable, or equal to others."""

from __future__ import annotations

import weakref
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ByIdentity(Generic[K, V]):
    """Values by objects, which it does not hold; each object is equal to itself only. Any thread.

    A value that holds its object keeps it for ever.
    """

    def __init__(self) -> None:
        self._entries: dict[int, tuple[weakref.ref[K], V]] = {}

    def __contains__(self, key: object) -> bool:
        return id(key) in self._entries

    def __getitem__(self, key: K) -> V:
        return self._entries[id(key)][1]

    def __setitem__(self, key: K, value: V) -> None:
        self._entries[id(key)] = self._entry(key, value)

    def _entry(self, key: K, value: V) -> tuple[weakref.ref[K], V]:
        entries, number = self._entries, id(key)

        def forget(_: object) -> None:
            entries.pop(number, None)

        # Called before the memory is another object's; never if this entry is there no more.
        return weakref.ref(key, forget), value

    def get(self, key: object) -> V | None:
        """Return the value of an object, or None."""
        found = self._entries.get(id(key))
        return None if found is None else found[1]

    def setdefault(self, key: K, value: V) -> V:
        """Return the value of an object, which is ``value`` if it has none yet; in one step."""
        return self._entries.setdefault(id(key), self._entry(key, value))[1]

    def pop(self, key: object) -> V | None:
        """Forget an object; return the value that it had, or None."""
        found = self._entries.pop(id(key), None)
        return None if found is None else found[1]

    def objects(self) -> list[K]:
        """Return the objects, as they are now."""
        found = [reference() for reference, _ in list(self._entries.values())]
        return [each for each in found if each is not None]

    def values(self) -> list[V]:
        """Return the values, as they are now."""
        return [value for _, value in list(self._entries.values())]

    def clear(self) -> None:
        """Forget all objects."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
