# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of an action client for results, which are sent again where the answer is overdue."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy

from aiorcl._rclpy import private
from aiorcl._tasks.goal_states import ended_goals

if TYPE_CHECKING:
    from rclpy.action.client import ActionClient

# How long a goal has ended, as its server has told, before its result is asked for once more; and
# then after twice as long each time, since a server may tell of the end long before it has the
# result.
FIRST_WAIT_SEC = 0.1

# So many numbers of requests whose answers are lost, or late, are remembered.
_REMEMBERED = 1000


class _Request:
    """What was sent again, under the number by which rclpy knows it now."""

    def __init__(self, number: int) -> None:
        self.number = number


class ResultRequests:
    """The requests of one client for results, while an executor serves it.

    A queue that is full loses the oldest request or response, and tells nobody: that of a server
    all its clients fill, and that of a client whatever ends at the same time. To ask for a result
    again changes nothing at the server. On the loop's thread.
    """

    def __init__(self, client: ActionClient[Any, Any, Any]) -> None:
        self._client = client
        self._numbers = private.pending_of(client)["result"]
        self._goal_ids = private.goal_ids_of(client)["result"]
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._sent_again: dict[int, _Request] = {}

    def expect(self) -> None:
        """Expect the results of all goals that have ended, as their server has told."""
        missing = [each for each in list(self._goal_ids) if each not in self._timers]
        if not missing:
            return
        ended = ended_goals(self._client)
        for number in missing:
            goal_id = self._goal_ids.get(number)
            if goal_id is not None and bytes(goal_id.uuid) in ended:
                self._wait(number, FIRST_WAIT_SEC)

    def ask_again(self, goal_id: Any) -> None:
        """Ask for the result of a goal now, and again until it comes."""
        for number, asked_for in list(self._goal_ids.items()):
            if bytes(asked_for.uuid) == bytes(goal_id.uuid):
                self._stop(number)
                self._send_again(number, FIRST_WAIT_SEC)

    def answered(self, number: int) -> int | None:
        """Return by which number rclpy knows a request that is answered now.

        None if it was answered before, when it had been sent several times.
        """
        request = self._sent_again.pop(number, None)
        if request is not None:
            number = request.number
        self._stop(number)
        return number if request is None or number in self._numbers else None

    def close(self) -> None:
        """Ask for nothing any more."""
        for number in list(self._timers):
            self._stop(number)

    def _stop(self, number: int) -> None:
        timer = self._timers.pop(number, None)
        if timer is not None:
            timer.cancel()

    def _wait(self, number: int, wait: float) -> None:
        # Not all at once: what was lost together would be lost together again.
        delay = random.uniform(wait, 2 * wait)
        loop = asyncio.get_running_loop()
        self._timers[number] = loop.call_later(delay, self._overdue, number, 2 * wait)

    def _overdue(self, number: int, wait: float) -> None:
        del self._timers[number]
        self._send_again(number, wait)

    def _send_again(self, number: int, wait: float) -> None:
        """Send a request once more, if somebody wants the answer, and wait for it."""
        try:
            new = private.send_result_request_again(self._client, number)
        except (InvalidHandle, _rclpy.RCLError):
            return  # the client is gone, or its context
        if new is None:
            return
        request = self._sent_again.setdefault(number, _Request(number))
        request.number = new
        self._sent_again[new] = request
        while len(self._sent_again) > _REMEMBERED:
            del self._sent_again[next(iter(self._sent_again))]
        self._wait(new, wait)
