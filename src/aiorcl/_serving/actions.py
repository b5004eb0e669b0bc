# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""An action client or server of rclpy: watched part by part, as rcl_action tells of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from aiorcl import _core
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.do_all import do_all
from aiorcl._rclpy import private_actions
from aiorcl._serving.action_messages import ActionSource, Sender
from aiorcl._serving.registry import served

if TYPE_CHECKING:
    from rclpy.action.client import ActionClient

    from aiorcl._serving.watcher import Watcher
    from aiorcl._tasks.action_requests.cancel_requests import CancelRequests
    from aiorcl._tasks.action_requests.result_requests import ResultRequests

#: The methods by which rclpy takes and executes what has come for an action.
TAKEN = ("is_ready", "take_data", "execute")

# By client the ids of goals whose feedback callbacks are back in rclpy's hands, though they have
# ended: whoever watches the client next takes what had arrived before the result.
_ended_goals: ByIdentity[Any, set[bytes]] = ByIdentity()


class Action:
    """What watches one action client or server: an entity for each of its parts.

    What calls nothing of the user's is in no group, as responses of services are: a feedback
    callback may await the result of its goal. That is what completes futures, and the status.
    """

    def __init__(self, action: Any, kind: str, name: str, handle: Any, action_type: Any) -> None:
        self.rclpy_entity = action
        self.name = name  # resolved
        self.label = f"action {kind} '{name}'"
        self.sender = Sender(action, handle, action_type, self.label)
        self.responses: list[_core.ActionPart] = []
        self.others: list[_core.Entity] = []
        # Of a client: the part, one of the others; and what takes the feedback of goals, by their
        # id, on the loop's thread, also after the result, with which rclpy forgets its callbacks.
        self.feedback: _core.Entity | None = None
        self.takes_feedback: dict[bytes, Callable[[Any], None]] = {}
        # Of a client, too: what handles an answer that was taken.
        self.handle_answer: dict[ActionSource, Callable[[Any], object]] = {}
        self.goals_at_once: int | None = None  # no limit
        self.results: ResultRequests | None = None
        self.cancels: CancelRequests | None = None
        # Callbacks of goals that have ended, for the feedback that arrived before the result.
        self.last_feedback: dict[bytes, Callable[[Any], Any]] = {}

    @property
    def parts(self) -> list[_core.Entity]:
        """All of them."""
        return [*self.responses, *self.others]

    @property
    def closed(self) -> bool:
        """Tell whether it is watched no more."""
        return all(part.closed for part in self.parts)

    def label_of(self, part: str) -> str:
        """Name a part in messages and statistics."""
        return f"{part} of {self.label}"

    def feedback_is_ready(self) -> bool:
        """Tell whether feedback has arrived that is to be taken in its turn."""
        part = self.feedback
        return part is not None and part.pending > 0 and not part.held_back

    def after_feedback(
        self, post: Callable[[Callable[[], object]], None], then: Callable[[], object]
    ) -> None:
        """Call ``then`` when the feedback that has arrived is taken; now, if that is none.

        :param post: runs a callable in its turn.
        """
        if self.feedback_is_ready():
            post(lambda: self.after_feedback(post, then))
        else:
            then()

    def mute(self) -> None:
        """Let no callback of it begin any more. Any thread."""
        for part in self.parts:
            part.mute()

    def close(self, *, keep_responses: bool = False) -> None:
        """Watch it no more; its responses yet, if coroutines that end may await them."""
        self._hand_back()
        self.sender.active = keep_responses
        parts = self.others if keep_responses else self.parts
        requests = () if keep_responses else (self.cancels, self.results)
        do_all(
            *(part.close for part in parts),
            *(each.close for each in requests if each is not None),
        )

    def _hand_back(self) -> None:
        last, self.last_feedback = self.last_feedback, {}
        if last:
            private_actions.feedback_callbacks_of(self.rclpy_entity).update(last)
            _ended_goals.setdefault(self.rclpy_entity, set()).update(last)

    def add(
        self,
        watcher: Watcher,
        handle: Any,
        group: _core.Group | None,
        source: ActionSource,
        message_class: Any,
        execute: Callable[[Any], Any],
    ) -> _core.ActionPart:
        """Return the entity of one part."""
        return _core.ActionPart(
            *(watcher.dispatcher, self.rclpy_entity, handle, group),
            *(self.label_of(source.name.lower().replace("_", " ")), source),
            *(message_class, execute),
        )


def action_of(entity: Any) -> Action | None:
    """Return what watches an action client or server part by part, if an executor does."""
    found = served(entity)
    return found.core if found is not None and isinstance(found.core, Action) else None


def take_ended_goals(client: ActionClient[Any, Any, Any]) -> set[bytes]:
    """Return the ids of goals whose feedback whoever has watched a client before has left."""
    return _ended_goals.pop(client) or set()


def finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine of rclpy that awaits nothing: it needs no task."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError(f"{coroutine!r} awaits something")
