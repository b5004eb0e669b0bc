# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How many requests of one client are under way at once, and who sends the next one."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.waking import fail, wake
from aiorcl._rclpy.private import pending_requests_of
from aiorcl._serving.followers import EntityGoneError, Follower, on_loop
from aiorcl._serving.kinds import depth_of

if TYPE_CHECKING:
    from rclpy.client import Client

    from aiorcl._serving.node import ServedNode
    from aiorcl._serving.serving import Serving


class _WaitingCall(Follower):
    """A call that waits until it may send."""

    outlives_shutdown = True

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.may_send: asyncio.Future[None] = self._loop.create_future()

    def gone(self, reason: str) -> None:
        on_loop(self._loop, fail, self.may_send, EntityGoneError(reason))


class Window:
    """The calls of one client: no more under way than its queue holds, sent in their order.

    More would be lost: where a history keeps the last n, the middleware drops a request, or a
    response, and tells nobody. One call at a time sends, so that none overtakes another while the
    first waits for the server. On the loop's thread.
    """

    def __init__(self, client: Client[Any, Any], serving: Serving) -> None:
        self.serving = weakref.ref(serving)
        self._limit = depth_of(client.qos_profile)
        self._under_way = 0
        self._sending = False
        self._waiting: deque[_WaitingCall] = deque()

    async def enter(self, client: Client[Any, Any], served_node: ServedNode) -> None:
        """Wait for the turn of a call, which begins here; then sent() and, at its end, left().

        :raises EntityGoneError: if the client, its node or the executor is gone.
        """
        if self._waiting or not self._is_open(client):
            await self._wait(client, served_node)
        else:
            self._sending = True
        self._under_way += 1

    async def _wait(self, client: Client[Any, Any], served_node: ServedNode) -> None:
        call, serving = _WaitingCall(), served_node.serving
        self._waiting.append(call)
        serving.follow(call, client, served_node.node)
        self._advance(client)  # a call that a finalizer has ended meanwhile did not see this one
        try:
            await call.may_send
        except BaseException:
            if call in self._waiting:
                self._waiting.remove(call)
            elif not call.may_send.cancelled() and call.may_send.exception() is None:
                self.sent(client)  # cancelled with its turn, which goes to the next one
            raise
        finally:
            serving.followers.discard(call)

    def sent(self, client: Client[Any, Any]) -> None:
        """The request was sent, or never will be: the next one may."""
        self._sending = False
        self._advance(client)

    def left(self, client: Client[Any, Any]) -> None:
        """The call has ended, however it did."""
        self._under_way -= 1
        self._advance(client)

    def _is_open(self, client: Client[Any, Any]) -> bool:
        # Requests by call_async() count too. But whether they ever end is not known here, so that
        # one call is always let through.
        return not self._sending and (
            self._under_way == 0
            or self._limit is None
            or max(self._under_way, len(pending_requests_of(client))) < self._limit
        )

    def _advance(self, client: Client[Any, Any]) -> None:
        while self._waiting and self._is_open(client):
            self._sending = wake(self._waiting.popleft().may_send)


# Weakly: a call that waits knows the client, by its task, and that would never be collected. Calls
# hold their window, and one that has none is as a new one.
_windows: ByIdentity[Client[Any, Any], weakref.ref[Window]] = ByIdentity()


def window_of(client: Client[Any, Any], serving: Serving) -> Window:
    """Return the window of a client on the executor that serves it now, and so on one loop.

    Calls of the executor that served it before have ended by then, or end without being sent.
    """
    reference = _windows.get(client)
    window = None if reference is None else reference()
    if window is None or window.serving() is not serving:
        window = Window(client, serving)
        _windows[client] = weakref.ref(window)
    return window
