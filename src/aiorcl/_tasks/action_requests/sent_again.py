# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of an action client that are sent again, since nobody tells of one that was lost.

A queue that is full loses the oldest request or response: that of a server, which its clients fill,
and that of a client. What asks for a result, or cancels, changes nothing if it comes twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiorcl._rclpy import private_actions

if TYPE_CHECKING:
    from rclpy.action.client import ActionClient

# So many numbers of requests whose answers are lost, or late, are remembered.
_REMEMBERED = 1000


class _Number:
    """Of a request that was sent several times: the one by which rclpy knows it now."""

    def __init__(self, now: int) -> None:
        self.now = now


class SentAgain:
    """The requests of one kind that a client has sent more than once.

    :param request: ``"result"`` or ``"cancel"``.
    """

    def __init__(self, client: ActionClient[Any, Any, Any], request: str) -> None:
        self._client = client
        self._request = request
        self._numbers: dict[int, _Number] = {}

    def send(self, number: int, goal_id: Any) -> int | None:
        """Send a request once more; return its new number, or None if nobody waits for it.

        :raises InvalidHandle: if the client is gone.
        :raises RCLError: if its context is.
        """
        new = private_actions.send_again(self._client, self._request, number, goal_id)
        if new is None:
            return None
        known = self._numbers.setdefault(number, _Number(number))
        known.now = new
        self._numbers[new] = known
        while len(self._numbers) > _REMEMBERED:
            del self._numbers[next(iter(self._numbers))]
        return new

    def newest(self, number: int) -> int:
        """Return the number of a request when it was sent last."""
        known = self._numbers.get(number)
        return number if known is None else known.now

    def answered(self, number: int) -> int | None:
        """Return by which number rclpy knows a request that is answered now.

        None if it was answered before, as it had been sent several times.
        """
        known = self._numbers.pop(number, None)
        if known is None:
            return number
        pending = private_actions.pending_of(self._client)[self._request]
        return known.now if known.now in pending else None
