# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What entities of one kind a node had at the last look, and so what has come or gone since."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aiorcl._rclpy.private import reader_of_list

if TYPE_CHECKING:
    from rclpy.node import Node


def reference_to(entity: Any) -> Callable[[], Any]:
    """Return what returns an entity as long as it lives; one without weak references is held."""
    try:
        return weakref.ref(entity)
    except TypeError:
        return lambda: entity


_NOTHING: tuple[Sequence[Any], Sequence[int]] = (), ()


class Inventory:
    """The entities of one kind that a node had, by their ids.

    rclpy's node appends what comes to a list, and what is destroyed or removed is named by
    ``leaves``. So the end of the list and its length tell what has changed, however long it is.
    Where the two do not fit together all is compared: somebody changed the list otherwise, or is
    about to name what has gone. What another thread changes during a look is for the next, which
    follows.

    Under the lock of the nodes, unless it says more.

    :param entities: the name of the node's property, such as ``"timers"``.
    """

    def __init__(self, node: Node, entities: str) -> None:
        self._node = node
        self._entities = entities
        self._list = reader_of_list(node, entities)
        self._known: dict[int, Callable[[], Any]] = {}
        self._leaving: dict[int, None] = {}
        self._has_doubles = False

    def leaves(self, entity: object) -> None:
        """Note that an entity was destroyed, or is about to be removed. Any thread."""
        self._leaving[id(entity)] = None

    def add(self, entity: object) -> None:
        """Enter what has come."""
        self._known[id(entity)] = reference_to(entity)

    def discard(self, key: int) -> None:
        """Strike out what has gone, by its id."""
        self._known.pop(key, None)

    def look(self) -> tuple[Sequence[Any], Sequence[int]]:
        """Return what has come, and the ids of what has gone, which are struck out first.

        An id that has gone may be that of an object which has come. What is not entered, or struck
        out, the next look returns again.
        """
        if self._list is None or self._has_doubles:
            return self.search()
        listed = self._list(self._node)
        if len(listed) == len(self._known) and not self._leaving:
            last = next(reversed(listed), None)
            if last is None or self._knows(last):  # of most kinds nothing has changed
                return _NOTHING
        leaving = self._take_leaving()
        came: dict[int, Any] = {}
        for entity in self._behind_what_stays(listed, leaving):
            if self._knows(entity):
                leaving.discard(id(entity))  # it is here yet, or again
            else:
                came[id(entity)] = entity
        gone = len(self._known) + len(came) - len(listed)
        if gone == len(leaving):
            return list(came.values()), list(leaving)
        if gone == 0:  # they were destroyed without their node, which lists them yet
            return list(came.values()), []
        return self.search()

    def search(self) -> tuple[Sequence[Any], Sequence[int]]:
        """As ``look``, by comparing all."""
        # No list is sliced or copied by its methods: a collector that comes within may make it
        # shorter, and CPython 3.11 then reads behind its end.
        self._take_leaving()  # first, as what is noted later may not be seen here
        if self._list is None:
            listed = list(getattr(self._node, self._entities))
        else:
            listed = list(self._list(self._node))
        here = {id(entity): entity for entity in listed}
        self._has_doubles = len(here) < len(listed)
        came = [entity for entity in here.values() if not self._knows(entity)]
        gone = [key for key, known in self._known.items() if known() is not here.get(key, self)]
        return came, gone

    def _take_leaving(self) -> set[int]:
        leaving = list(self._leaving)
        for key in leaving:
            self._leaving.pop(key, None)
        return {key for key in leaving if key in self._known}

    def _behind_what_stays(self, listed: list[Any], leaving: set[int]) -> list[Any]:
        """Return the end of a list with all that came: what stays has kept its place before it."""
        end: list[Any] = []
        for entity in reversed(listed):
            if id(entity) not in leaving and self._knows(entity):
                break
            end.append(entity)
        end.reverse()
        return end

    def _knows(self, entity: object) -> bool:
        known = self._known.get(id(entity))
        return known is not None and known() is entity
