# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Servers that do not know the goal of a request, where another one of the same name may."""

from __future__ import annotations

from collections.abc import Callable


class UnknownAnswers:
    """Counts the answers to one request about a goal whose servers say that they do not know it.

    Each server of a name gets the request, and the first to answer are those without the goal.

    :param are_all: tells whether so many are all servers that may have the goal.
    """

    def __init__(self, are_all: Callable[[int], bool]) -> None:
        self._are_all = are_all
        self._number: int | None = None
        self._count = 0

    def is_last(self, number: int) -> bool:
        """Count one; return whether no other server can know the goal.

        :param number: of the request, as it was sent last: an answer to it tells of servers that
            are still there.
        """
        if number != self._number:
            self._number, self._count = number, 0
        self._count += 1
        return self._are_all(self._count)
