# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How many requests to one service are under way at once, and who sends the next one."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from aiorcl._coroutines.line import Line
from aiorcl._coroutines.silence import Silence
from aiorcl._loop.weak_methods import weakly
from aiorcl._rclpy.depth import depth_of
from aiorcl._rclpy.private import pending_requests_of

if TYPE_CHECKING:
    import rclpy.task
    from rclpy.client import Client

    from aiorcl import _core
    from aiorcl._serving.node import ServedNode
    from aiorcl._serving.serving import Serving


# So often the line looks in vain before only what the client itself waits for counts. The others
# may never be answered, because they were given up, or wait for this one; and what was given up
# most likely does not lie in a queue any more.
_PATIENT_LOOKS = 4


class _Sender:
    """The call of one client that sends: none overtakes another that waits for the server."""

    def __init__(self) -> None:
        self.is_busy = False
        self.line = Line(lambda _: not self.is_busy)


class Window:
    """The calls of one service: no more under way than the client's queue holds, in their order.

    More would be lost: where a history keeps the last n, the middleware drops a request, or a
    response, and tells nobody. The requests of all clients lie in one queue of the service; and in
    rmw_fastrtps each client gets the responses to all of them, and drops those to others when it
    takes them. On the loop's thread.
    """

    def __init__(self, requests: _core.Requests) -> None:
        self.requests = requests
        self._calls = 0  # that wait for a response
        self._room = Line(self._has_room)
        self._silence: Silence | None = None  # from when somebody waited, or no server was there
        self._senders: dict[int, _Sender] = {}  # by the id of their client

    async def begin_sending(self, client: Client[Any, Any], served_node: ServedNode) -> None:
        """Wait until this call of its client may send; then ``end_sending``.

        :raises EntityGoneError: if the client, its node or the executor is gone.
        """
        sender = self._senders.get(id(client))
        if sender is None:
            sender = self._senders[id(client)] = _Sender()
        if not sender.line.is_free(client):
            try:
                await sender.line.wait(client, served_node)
            except BaseException:
                self._forget(sender, client)
                raise
        sender.is_busy = True

    def end_sending(self, client: Client[Any, Any]) -> None:
        """The request was sent, or never will be: the next one of the client may."""
        sender = self._senders[id(client)]
        sender.is_busy = False
        sender.line.advance()
        self._forget(sender, client)
        self.advance()

    def _forget(self, sender: _Sender, client: Client[Any, Any]) -> None:
        if not sender.is_busy and not sender.line:
            self._senders.pop(id(client), None)

    async def enter(self, client: Client[Any, Any], served_node: ServedNode) -> bool:
        """Wait until there is room for one call more, which sends now, or calls ``advance``.

        :return: whether it had to wait.
        :raises EntityGoneError: if the client, its node or the executor is gone.
        """
        if self._room.is_free(client):
            return False
        silence = self._silence_of(client)
        if not self._room:
            silence.broken(_PATIENT_LOOKS)
        # Weakly: the collector does not see what that holds, and a call may wait for ever.
        self.requests.on_answer = weakly(self._answered)
        try:
            await self._room.wait(client, served_node)
        finally:
            if not self._room:
                self.requests.on_answer = None
        return True

    def advance(self) -> None:
        """Let the next call enter, if there is room."""
        self._room.advance()

    def server_gone(self, client: Client[Any, Any]) -> None:
        """There is no server: what a client has sent lies in no queue of the next one."""
        self._silence_of(client).server_gone(_pending(client))

    def _silence_of(self, client: Client[Any, Any]) -> Silence:
        if self._silence is None:
            self._silence = Silence(self._room, f"Calls of '{client.service_name}'")
        return self._silence

    def _answered(self) -> None:
        assert self._silence is not None  # as somebody waits
        self._silence.broken(_PATIENT_LOOKS)
        self.advance()

    def began(
        self, client: Client[Any, Any], future: rclpy.task.Future[Any], served_node: ServedNode
    ) -> None:
        """The request of a call that has entered was sent."""
        self._calls += 1
        silence = self._silence
        if silence is not None and silence.is_long():
            limit = depth_of(client.qos_profile)
            if limit is not None and silence.in_queues(_pending(client)) > limit:
                silence.sent(future, _pending(client), served_node)

    def ended(self) -> None:
        """A call that had begun has ended, however it did."""
        self._calls -= 1
        self.advance()

    def _has_room(self, client: Client[Any, Any]) -> bool:
        # Requests by call_async() count too. But whether they ever end is not known here, so that
        # one call is always let through.
        limit = depth_of(client.qos_profile)
        if self._calls == 0 or limit is None:
            return True
        silence = self._silence
        if silence is None:
            own = len(pending_requests_of(client))
            return max(self.requests.under_way, own) < limit
        own = silence.in_queues(_pending(client))
        if max(self.requests.under_way, own) < limit:
            self._room.looks = 0
            return True
        if own < limit:
            return self._room.looks >= _PATIENT_LOOKS or bool(silence.passed())
        return silence.is_long()


def _pending(client: Client[Any, Any]) -> list[rclpy.task.Future[Any]]:
    return list(pending_requests_of(client).values())


# Windows last as long as the calls that hold them: one without any is as a new one.
_windows: weakref.WeakValueDictionary[int, Window] = weakref.WeakValueDictionary()


def window_of(client: Client[Any, Any], serving: Serving) -> Window:
    """Return the window of a service on the executor that serves a client of it now.

    Calls of the executor that served the client before have ended by then, or end without being
    sent.

    :raises rclpy.exceptions.InvalidHandle: if the client was destroyed.
    """
    requests = serving.watcher.requests_to(client.service_name)
    window = _windows.get(id(requests))
    if window is None:
        window = _windows[id(requests)] = Window(requests)
    return window
