# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The requests of an ASGI application, which end when the nodes behind it do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# Close codes of WebSockets, by RFC 6455: that of a server that goes down, and of one that failed.
_GOING_AWAY = 1001
_INTERNAL_ERROR = 1011


class Requests:
    """An ASGI application before another one: it lets no request begin, or last, too long.

    On the loop of the server.

    :param application: what answers requests.
    :param handler_cancellation: cancel the handler of a request whose client has left.
    """

    def __init__(self, application: Application, *, handler_cancellation: bool) -> None:
        self._application = application
        self._handler_cancellation = handler_cancellation
        self._open: set[_Request] = set()
        self._unavailable: str | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
        elif self._unavailable is not None:
            await _refuse(scope["type"], send, self._unavailable)
        else:
            request = _Request(scope, receive, send)
            self._open.add(request)
            try:
                await request.run(self._application, watch=self._handler_cancellation)
            finally:
                self._open.discard(request)

    def refuse(self, reason: str) -> None:
        """From now on answer with status 503; what streams ends."""
        self._unavailable = reason
        self.end_streams(_INTERNAL_ERROR)

    def end_streams(self, code: int = _GOING_AWAY) -> None:
        """End WebSockets and the responses that have begun and have no length: nobody else does.

        A server that is told to stop waits for its requests. Those that end by themselves may.

        :param code: for WebSockets.
        """
        for request in list(self._open):
            if request.is_stream():
                request.end(code)


class _Request:
    """One request, and who handles it."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._end = asyncio.timeout(None)
        self._ends = False
        self._has_begun = False
        self._has_length = False
        self._is_complete = False
        self._code = _GOING_AWAY
        self._client_left = False
        # What is received while the handler is watched; at most one, so that a client that sends
        # more than is read has to wait.
        self._received: asyncio.Queue[Message] = asyncio.Queue(1)
        self._waits = 0

    def is_stream(self) -> bool:
        """True for what may last for ever."""
        if self._scope["type"] == "websocket":
            return True
        return self._has_begun and not self._has_length

    def end(self, code: int) -> None:
        """Cancel the handler, and end the response well."""
        if not (self._ends or self._is_complete):
            self._ends, self._code = True, code
            self._end.reschedule(asyncio.get_running_loop().time())

    async def run(self, application: Application, *, watch: bool) -> None:
        """Let the application handle it."""
        watching = asyncio.create_task(self._watch()) if watch else None
        receive = self._receive if watching is None else self._next
        try:
            async with self._end:
                await application(self._scope, receive, self._tell)
        except TimeoutError:
            if not self._end.expired():
                raise
            await self._finish()
        finally:
            if watching is not None:
                watching.cancel()

    async def _watch(self) -> None:
        while True:
            message = await self._receive()
            if message["type"].endswith(".disconnect"):
                self._left(message)
                return
            await self._received.put(message)

    def _left(self, message: Message) -> None:
        """Tell the handler if it waits for that; else cancel it."""
        self._client_left = True
        if self._waits:
            self._received.put_nowait(message)
        else:
            self.end(_GOING_AWAY)

    async def _next(self) -> Message:
        if self._client_left and self._received.empty():
            return {"type": f"{self._scope['type']}.disconnect", "code": _GOING_AWAY}
        self._waits += 1
        try:
            return await self._received.get()
        finally:
            self._waits -= 1

    async def _tell(self, message: Message) -> None:
        kind = message["type"]
        if kind in ("http.response.start", "websocket.accept"):
            self._has_begun = True
            names = [name.lower() for name, _ in message.get("headers", ())]
            self._has_length = b"content-length" in names
        elif kind == "websocket.close" or (
            kind == "http.response.body" and not message.get("more_body")
        ):
            # Before: the server says then that the client has left, to whoever still receives. What
            # the handler does after its answer, it may finish.
            self._is_complete = True
        await self._send(message)

    async def _finish(self) -> None:
        if self._client_left or self._is_complete:
            return
        if self._scope["type"] == "websocket":
            await self._send({"type": "websocket.close", "code": self._code})
        elif self._has_begun:
            await self._send({"type": "http.response.body", "body": b""})
        else:
            await _refuse("http", self._send, "The request was cancelled")


async def _refuse(kind: str, send: Send, reason: str) -> None:
    if kind == "websocket":
        await send({"type": "websocket.close", "code": _INTERNAL_ERROR, "reason": reason})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
