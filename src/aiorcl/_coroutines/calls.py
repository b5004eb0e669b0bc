# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Calls of services: they wait for the server, for their turn, and for the response."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, cast

from rclpy.client import Client
from rclpy.exceptions import InvalidHandle

from aiorcl._coroutines.arguments import check, check_message
from aiorcl._coroutines.readiness import service_ready
from aiorcl._coroutines.window import window_of
from aiorcl._rclpy.notes import add_note
from aiorcl._rclpy.typed import SrvRequestT, SrvResponseT
from aiorcl._serving.followers import EntityGoneError, Follower
from aiorcl._serving.naming import described
from aiorcl._serving.registry import served_node_of
from aiorcl._tasks.failure import fail

if TYPE_CHECKING:
    import rclpy.task


class _Answer(Follower):
    """The future of a request, which ends with the client."""

    outlives_shutdown = True

    def __init__(self, future: rclpy.task.Future[Any]) -> None:
        self._future = future

    def gone(self, reason: str) -> None:
        fail(self._future, EntityGoneError(reason))


async def call(client: Client[SrvRequestT, SrvResponseT], request: SrvRequestT) -> SrvResponseT:
    """Wait until a server is there, send the request, and return the response.

    ``asyncio.timeout`` limits all of it; a note in the traceback says whether a server was there. A
    call that is cancelled leaves nothing behind: its request is forgotten, and a response that
    still comes is dropped. A server that goes away after it got the request cannot be noticed. No
    callback group holds the response back.

    No more requests of an executor to one service are under way at once than the history of the
    client's QoS profile holds: 10 by default. Further calls, of any of its clients, wait for their
    turn, first come, first sent. A request that was cancelled counts until its answer comes, or
    all calls that were sent before it have ended: it lies in the queue of the service as the others
    do. After a second in which no room came only those count that the client itself waits for; and
    of these not those that lie in no queue any more, as their server went away, or has answered a
    later call. After 5 s without any answer one call is sent to find that out, for which there is
    no room (the log says so), and the next ones after 20 and 80 s more.

    Clients on other executors, in other processes say, are not counted. A service keeps as many
    requests, of all clients together; and as Fast DDS brings each client the responses to all of
    them, as many may come while the loop is busy. What is more is lost, and the call waits for
    ever. With busy clients elsewhere give service and clients a deeper history:
    ``qos_profile=QoSProfile(depth=100)``.

    :raises TypeError: if ``client`` is none, or ``request`` of another type.
    :raises EntityGoneError: if the client or its node is destroyed or removed from its executor
        meanwhile, or the executor or the context is shut down.
    :raises RuntimeError: unless an `AsyncioExecutor` serves the client on the running loop.
    """
    check(client, Client, "aiorcl.call()", "a client, made by node.create_client()")
    check_message(request, client.srv_type.Request, f"A request of '{client.srv_name}'")
    served_node = served_node_of(client)
    serving = served_node.serving
    try:
        window = window_of(client, serving)
        await window.begin_sending(client, served_node)
        try:
            while True:
                serving.check_answers()  # whose end the turn may have come together with
                if not client.service_is_ready():
                    window.server_gone(client)
                    window.advance()
                    await service_ready(client)
                if not await window.enter(client, served_node) or client.service_is_ready():
                    break
            future = client.call_async(request)
            window.began(client, future, served_node)
        finally:
            window.end_sending(client)
    except InvalidHandle:  # destroyed on another thread, whose word is on its way
        raise EntityGoneError(f"The client of '{client.srv_name}' was destroyed") from None
    except asyncio.CancelledError as cancellation:
        if not getattr(cancellation, "__notes__", None):  # of service_ready()
            _say_where(cancellation, client, "has not sent its request yet")
        raise
    try:
        answer = _Answer(future)
        serving.follow(answer, client, served_node.node)
        try:
            return cast("SrvResponseT", await future)
        except asyncio.CancelledError as cancellation:
            _say_where(cancellation, client, "has sent its request")
            raise
        finally:
            serving.unfollow(answer)
            client.remove_pending_request(future)
    finally:
        window.ended()


def _say_where(cancellation: asyncio.CancelledError, client: Client[Any, Any], what: str) -> None:
    """Note how far a call has come: the traceback of a TimeoutError shows it."""
    with contextlib.suppress(Exception):  # of what is gone, or goes down
        is_there = "there" if client.service_is_ready() else "not there"
        add_note(cancellation, f"{described(client)} {what}, and its server is {is_there}")
