# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of an action client for results, which are sent again where the answer is overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from action_msgs.msg import GoalStatus
from rclpy.exceptions import InvalidHandle

from aiorcl._rclpy import private_actions
from aiorcl._rclpy.compiled import RCLError
from aiorcl._tasks.action_requests.sent_again import SentAgain
from aiorcl._tasks.goal_states import ended_goals
from aiorcl._tasks.patience import Patience

if TYPE_CHECKING:
    from rclpy.action.client import ActionClient

    from aiorcl._tasks.action_requests.unknown_answers import UnknownAnswers

# How long a goal has ended, as its server has told, before its result is asked for once more; a
# server may tell of the end long before it has the result.
FIRST_WAIT_SEC = 0.1


class ResultRequests:
    """The requests of one client for results, while an executor serves it.

    On the loop's thread.
    """

    def __init__(self, client: ActionClient[Any, Any, Any]) -> None:
        #: Of goals that one of several servers may have, by their ids; of others the first to
        #: answer is right.
        self.unknown_answers: dict[bytes, UnknownAnswers] = {}
        self._client = client
        self._goal_ids = private_actions.goal_ids_of(client)["result"]
        self._expected: dict[int, Patience] = {}  # by the number of the request
        self._sent_again = SentAgain(client, "result")

    def expect(self) -> None:
        """Expect the results of all goals that have ended, as their server has told."""
        missing = [each for each in list(self._goal_ids) if each not in self._expected]
        if not missing:
            return
        ended = ended_goals(self._client)
        for number in missing:
            goal_id = self._goal_ids.get(number)
            if goal_id is not None and bytes(goal_id.uuid) in ended:
                self._expect(number, Patience(FIRST_WAIT_SEC))

    def ask_again(self, goal_id: Any) -> None:
        """Ask for the result of a goal now, and again until it comes."""
        for number, asked_for in list(self._goal_ids.items()):
            if bytes(asked_for.uuid) == bytes(goal_id.uuid):
                self._stop(number)
                self._send_again(number, Patience(FIRST_WAIT_SEC))

    def is_final(self, number: int, response: Any) -> bool:
        """Tell whether a response is the answer: another server may know the goal."""
        if response.status != GoalStatus.STATUS_UNKNOWN:
            return True
        newest = self._sent_again.newest(number)
        goal_id = self._goal_ids.get(newest)
        unknown = None if goal_id is None else self.unknown_answers.get(bytes(goal_id.uuid))
        return unknown is None or (number == newest and unknown.is_last(number))

    def answered(self, number: int) -> int | None:
        """As `SentAgain.answered`; what is answered is not asked for any more."""
        known = self._sent_again.answered(number)
        if known is not None:
            self._stop(known)
        return known

    def close(self) -> None:
        """Ask for nothing any more."""
        for number in list(self._expected):
            self._stop(number)

    def _stop(self, number: int) -> None:
        patience = self._expected.pop(number, None)
        if patience is not None:
            patience.end()

    def _expect(self, number: int, patience: Patience) -> None:
        self._expected[number] = patience
        patience.wait(self._overdue, number)

    def _overdue(self, number: int) -> None:
        self._send_again(number, self._expected.pop(number))

    def _send_again(self, number: int, patience: Patience) -> None:
        goal_id = self._goal_ids.get(number)
        if goal_id is None:
            return  # nobody wants the answer
        try:
            new = self._sent_again.send(number, goal_id)
        except (InvalidHandle, RCLError):
            return  # the client is gone, or its context
        if new is not None:
            self._expect(new, patience)
