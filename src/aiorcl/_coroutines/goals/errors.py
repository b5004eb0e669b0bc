# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How a goal can fail."""

from __future__ import annotations

from typing import Any


class GoalError(Exception):
    """A goal did not succeed.

    :param status: a constant of ``action_msgs.msg.GoalStatus``.
    :param result: the result message that the server sent with it; None if there is none.
    """

    def __init__(self, message: str, status: int, result: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.result = result


class GoalRejectedError(GoalError):
    """The server did not accept the goal: ``status`` is ``STATUS_UNKNOWN``, ``result`` None."""


class GoalAbortedError(GoalError):
    """The server gave the goal up."""


class GoalCanceledError(GoalError):
    """The goal was cancelled, by this client or by another one."""


class GoalLostError(GoalError):
    """Nobody knows how the goal ended, or whether it has.

    The server went away while it executed the goal, or has forgotten it.
    """
