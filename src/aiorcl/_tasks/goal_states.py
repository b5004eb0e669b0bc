# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a server has told of the goals of a client: how far they are, and what it cancels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action.client import ActionClient

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy import private_actions

if TYPE_CHECKING:
    from collections.abc import Iterable

    AnyActionClient = ActionClient[Any, Any, Any]

_ENDED = frozenset(
    (GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_CANCELED, GoalStatus.STATUS_ABORTED)
)

# rclpy's server removes a goal that it does not cancel from its answer, and leaves the code as it
# is: also one that has ended while the server made up its mind.
_REFUSED = (CancelGoal.Response.ERROR_NONE, CancelGoal.Response.ERROR_REJECTED)

# By client the last message of its server, which names all goals that the server knows.
_told: ByIdentity[AnyActionClient, Any] = ByIdentity()

# By client, the goals that its server has agreed to cancel, by their ids; not all that have ended.
_canceling: ByIdentity[AnyActionClient, dict[bytes, Any]] = ByIdentity()


def note_statuses(client: AnyActionClient, message: Any) -> None:
    """Remember what the server of a client has told of its goals: a ``GoalStatusArray``."""
    _told[client] = message


def status_of(client: AnyActionClient, goal_id: Any) -> int:
    """Return what the server has told last of a goal; ``STATUS_UNKNOWN`` if nothing."""
    message = _told.get(client)
    for told in () if message is None else message.status_list:
        if bytes(told.goal_info.goal_id.uuid) == bytes(goal_id.uuid):
            return int(told.status)
    return int(GoalStatus.STATUS_UNKNOWN)


def has_ended(client: AnyActionClient, goal_id: Any) -> bool:
    """Tell whether the server has told that a goal has ended."""
    return status_of(client, goal_id) in _ENDED


def ended_goals(client: AnyActionClient) -> set[bytes]:
    """Return the ids of all goals of which the server has told that they have ended."""
    message = _told.get(client)
    if message is None:
        return set()
    return {
        bytes(told.goal_info.goal_id.uuid) for told in message.status_list if told.status in _ENDED
    }


def note_canceling(client: AnyActionClient, goal_ids: Iterable[Any]) -> None:
    """Remember the goals that a server has agreed to cancel, while they have not ended."""
    found = _canceling.setdefault(client, {})
    for key, goal_id in list(found.items()):
        handle = private_actions.known_handle(client, goal_id)
        if handle is None or handle.status in _ENDED:
            found.pop(key, None)
    found.update((bytes(goal_id.uuid), goal_id) for goal_id in goal_ids)


def is_canceling(client: AnyActionClient, goal_id: Any) -> bool:
    """Tell whether the server has agreed to cancel a goal: it says no to whoever asks again."""
    return bytes(goal_id.uuid) in (_canceling.get(client) or ())


def is_refusal(client: AnyActionClient, goal_id: Any, response: Any) -> bool:
    """Tell whether a server has answered that it lets a goal go on.

    Other errors mean that it has ended, or is cancelled already.
    """
    return (
        response.return_code in _REFUSED
        and not response.goals_canceling
        and not is_canceling(client, goal_id)
        and not has_ended(client, goal_id)
    )
