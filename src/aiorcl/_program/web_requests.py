# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The requests of an ASGI application, which end when the nodes behind it do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, TypeAlias

from aiorcl._program.web_client_watch import ClientWatch
from aiorcl._serving.followers import EntityGoneError

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# Close codes of WebSockets, by RFC 6455: that of a server that goes down, and of one that failed.
_GOING_AWAY = 1001
_INTERNAL_ERROR = 1011

# Of responses that have no end by their nature: events, pictures of a camera, lines of JSON.
_ENDLESS = (
    b"text/event-stream",
    b"multipart/x-mixed-replace",
    b"application/x-ndjson",
    b"application/jsonl",
)

# How long the end of a stream waits for a client that does not read.
_PATIENCE_SEC = 1.0


class Requests:
    """An ASGI application before another one: it lets no request begin, or last, too long.

    On the loop of the server.

    :param application: what answers requests.
    :param is_gone: True when the nodes have begun to end.
    :param handler_cancellation: cancel the handler of a request whose client has left.
    """

    def __init__(
        self, application: Application, is_gone: Callable[[], bool], *, handler_cancellation: bool
    ) -> None:
        self._application = application
        self._handler_cancellation = handler_cancellation
        self._open: set[_Request] = set()
        self.is_gone = is_gone
        #: Why nothing is answered any more.
        self.unavailable: str | None = None
        #: The code by which streams end, also those that begin now.
        self.ends_streams: int | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._application(scope, receive, send)
        elif self.unavailable is not None:
            await _refuse(kind, send, self.unavailable)
        elif kind == "websocket" and self.ends_streams is not None:
            await send({"type": "websocket.close", "code": self.ends_streams})
        else:
            request = _Request(self, scope, receive, send)
            self._open.add(request)
            try:
                await request.run(self._application, watch=self._handler_cancellation)
            finally:
                self._open.discard(request)

    def refuse(self, reason: str) -> None:
        """From now on answer with status 503; what streams ends."""
        self.unavailable = reason
        self.end_streams(_INTERNAL_ERROR)

    def end_streams(self, code: int = _GOING_AWAY) -> None:
        """End WebSockets and responses that have no end by their nature, now and from now on.

        A server that is told to stop waits for its requests. Those that end by themselves may.

        :param code: for WebSockets.
        """
        self.ends_streams = code
        for request in list(self._open):
            if request.is_stream:
                request.end(code)


class _Request:
    """One request, and who handles it."""

    def __init__(self, requests: Requests, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests = requests
        self._scope = scope
        self._receive = receive
        self._send = send
        self._end = asyncio.timeout(None)
        self._ends = False
        self._has_begun = False
        self._is_complete = False
        self._is_refused = False
        self._code = _GOING_AWAY
        self._watch: ClientWatch | None = None
        #: True for what may last for ever.
        self.is_stream = scope["type"] == "websocket"

    def end(self, code: int = _GOING_AWAY) -> None:
        """Cancel the handler, and end the response well."""
        if not (self._ends or self._is_complete):
            self._ends, self._code = True, code
            self._end.reschedule(asyncio.get_running_loop().time())

    async def run(self, application: Application, *, watch: bool) -> None:
        """Let the application handle it."""
        receive = self._receive
        if watch:
            self._watch = ClientWatch(self._scope, self._receive, self.end)
            receive = self._watch.receive
        try:
            async with self._end:
                await application(self._scope, receive, self._tell)
        except TimeoutError:
            if not self._end.expired():
                raise
            await self._finish()
        except Exception as error:
            if not (self._requests.is_gone() and _is_of_nodes(error)):
                raise
            if not self._has_begun:
                await self._refuse_now()
        finally:
            if self._watch is not None:
                self._watch.stop()

    async def _tell(self, message: Message) -> None:
        if self._is_refused:
            return
        kind = message["type"]
        if kind == "http.response.start":
            if message["status"] == 500 and self._requests.is_gone():
                await self._refuse_now()  # the handler has met what is left of the nodes
                return
            headers = [(bytes(name).lower(), bytes(value)) for name, value in message["headers"]]
            message = {**message, "headers": headers}
            media = dict(headers).get(b"content-type", b"").partition(b";")[0].strip().lower()
            self.is_stream = media in _ENDLESS and b"content-length" not in dict(headers)
        elif kind == "websocket.close" or (
            kind == "http.response.body" and not message.get("more_body")
        ):
            # Before: the server says then that the client has left, to whoever still receives. What
            # the handler does after its answer, it may finish.
            self._is_complete = True
        self._has_begun = True
        await self._send(message)
        if self.is_stream and self._requests.ends_streams is not None:
            self.end(self._requests.ends_streams)

    async def _refuse_now(self) -> None:
        self._is_refused = self._has_begun = self._is_complete = True
        reason = self._requests.unavailable or "The nodes have ended"
        await _refuse(self._scope["type"], self._send, reason)

    async def _finish(self) -> None:
        if self._is_complete or (self._watch is not None and self._watch.has_left):
            return
        try:
            async with asyncio.timeout(_PATIENCE_SEC):
                if self._scope["type"] == "websocket":
                    await self._send({"type": "websocket.close", "code": self._code})
                elif self._has_begun:
                    await self._send({"type": "http.response.body", "body": b""})
                else:
                    await _refuse("http", self._send, "The request was cancelled")
        except TimeoutError:
            pass  # the client does not read; the server has a limit for that, if it was given one


def _is_of_nodes(error: BaseException) -> bool:
    """Tell whether an exception is a consequence of the end of nodes."""
    return any(isinstance(each, EntityGoneError) for each in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    left = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        left += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions


async def _refuse(kind: str, send: Send, reason: str) -> None:
    if kind == "websocket":
        await send({"type": "websocket.close", "code": _INTERNAL_ERROR, "reason": reason})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
