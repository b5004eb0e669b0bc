# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of action clients: an answer waits until rclpy has noted what it is for.

rclpy does so after a request is sent. Where it has no lock, or has released it (of a goal Kilted
notes a second future then), another thread may have taken the answer by that time.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from aiorcl._loop.by_identity import ByIdentity

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.action.client import ActionClient

T = TypeVar("T")


class _Answer(NamedTuple):
    """An answer that waits for the requests that were under way when it came."""

    requests: list[object]
    hand_on: Callable[[], object]


class Sending:
    """What one client sends just now, on any thread, and the answers that came meanwhile.

    No lock: who takes an answer does not wait.
    """

    def __init__(self) -> None:
        self._requests: dict[object, None] = {}
        self._answers: deque[_Answer] = deque()

    @property
    def is_under_way(self) -> bool:
        """Tell whether something is sent just now, and may not be noted yet."""
        return bool(self._requests)

    def send(self, method: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call what sends a request and notes it."""
        request = object()
        try:
            self._requests[request] = None
            return method(*args, **kwargs)
        finally:
            # In this order: who keeps an answer looks after that, so it is found here or there.
            del self._requests[request]
            if self._answers:
                self._look()

    def hand_on(
        self,
        answer: Any,
        handle: Callable[[Any], object],
        keep: Callable[[Any], object],
    ) -> None:
        """Handle an answer now, or ``keep`` it when all that is sent just now is noted.

        :param keep: on whichever thread has sent the last of that.
        """
        if not self._requests:
            handle(answer)
            return
        requests = list(self._requests)
        self._answers.append(_Answer(requests, lambda: keep(answer)))
        self._look()

    def _look(self) -> None:
        for answer in list(self._answers):
            if any(request in self._requests for request in answer.requests):
                continue
            try:
                self._answers.remove(answer)
            except ValueError:
                continue  # another thread was faster
            answer.hand_on()


_sending: ByIdentity[ActionClient[Any, Any, Any], Sending] = ByIdentity()


def sending_of(client: ActionClient[Any, Any, Any]) -> Sending:
    """Return what a client sends just now. Any thread."""
    return _sending.get(client) or _sending.setdefault(client, Sending())
