# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Responses that the middleware could not send yet: they are sent again.

A client may ask before the middleware of the server has found where it listens: what it asks with
and what it listens with are found one by one. rmw_fastrtps waits 0.1 s for the rest, in the call
that sends, and refuses then. The client would wait for ever.
"""

from __future__ import annotations

import copy
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl._loop.aside import loop_here
from aiorcl._rclpy.compiled import RCLError
from aiorcl._serving.report import logger_of
from aiorcl._tasks.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.node import Node

# The first wait before another attempt, and how many are made: for 51 to 102 s in all. What is lost
# of the words by which two processes find each other comes again after a second or more, and may be
# lost once more.
FIRST_WAIT_SEC = 0.05
ATTEMPTS = 10

# The attempt after which that is told, 1.5 to 3 s after the first.
TOLD_AFTER = 5

# What a request id ends with: the number of the request. The rest names the client.
_NUMBER_SIZE = 8


class _Responses(deque["Callable[[], bool]"]):
    """Those to one client, by what sends each."""

    def __init__(self) -> None:
        super().__init__()
        self.patience = Patience(FIRST_WAIT_SEC)
        self.attempts = 0

    def send(self) -> int:
        """Send all up to the first that is refused; return how many are left."""
        self.attempts += 1
        try:
            while self and self[0]():
                self.popleft()
        except (InvalidHandle, RCLError):
            return 0  # the server is gone, or its context
        return len(self)


class UnsentResponses:
    """The responses of one server that are to be sent again.

    Each attempt may hold the loop up as long as the middleware waits. So of one client only the
    oldest response is tried; the others follow when that is sent.

    On the loop's thread. Where the executor ends before its loop, attempts go on as long as the
    rclpy server is there.

    :param tell: is told how many responses to a client wait, and whether that goes on: else they
        are given up.
    """

    def __init__(self, tell: Callable[[int, bool], object]) -> None:
        self._tell = tell
        self._clients: dict[bytes, _Responses] = {}

    def add(self, request_id: bytes, response: Any, send: Callable[[Any], bool | None]) -> None:
        """Send a response again that was not sent.

        :param send: sends it; False if it could not yet, None if there is no server any more.
        """
        if loop_here() is None:
            self._tell(1, False)
            return
        kept = copy.deepcopy(response)  # the callback may fill the same one for the next request
        client = request_id[:-_NUMBER_SIZE]
        responses = self._clients.get(client)
        if responses is None:
            responses = self._clients[client] = _Responses()
            responses.patience.wait(self._try, client)
        responses.append(lambda: send(kept) is not False)

    def _try(self, client: bytes) -> None:
        responses, goes_on = self._clients[client], False
        try:
            left = responses.send()
            goes_on = left > 0 and responses.attempts < ATTEMPTS
            if left > 0 and (responses.attempts == TOLD_AFTER or not goes_on):
                self._tell(left, goes_on)
        finally:
            if goes_on:
                responses.patience.wait(self._try, client)
            else:
                del self._clients[client]


def tells_node(
    server: Any, find_node: Callable[[Any], Node | None], label: str
) -> Callable[[int, bool], None]:
    """Return what tells the log of a server's node, as long as somebody has the server.

    :param label: what it is called: ``"service '/add'"``.
    """
    reference = weakref.ref(server)

    def tell(count: int, goes_on: bool) -> None:
        server = reference()
        if server is None:
            return
        what = "a response" if count == 1 else f"{count} responses"
        does = f"cannot send {what} yet" if goes_on else f"has given up {what}"
        logger_of(find_node(server)).warning(
            f"{label[0].upper()}{label[1:]} {does}: the middleware does not find where the client "
            "listens. Is its QoS profile another one than that of the server?"
        )

    return tell
