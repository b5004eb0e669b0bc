# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the client of a request is still there, while its handler does other things."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# What a client may send that its handler does not read, before nobody listens to it any more.
_UNREAD_BYTES = 1 << 20


class ClientWatch:
    """Receives what a client sends, keeps it for the handler, and tells when the client leaves.

    A handler that waits for its client gets that word itself, as without this. On the loop of the
    server.

    :param receive: the server's.
    :param left: called when the client has left and the handler does not wait for it.
    """

    def __init__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        left: Callable[[], None],
    ) -> None:
        self._receive = receive
        self._left = left
        self._gone = {"type": f"{scope['type']}.disconnect", "code": 1001}
        self._received: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self._unread = 0
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._waits = 0
        self._task: asyncio.Task[None] | None = None
        self.has_left = False
        # To receive is what such a client waits for before it sends, which the handler may refuse.
        if all(bytes(name).lower() != b"expect" for name, _ in scope.get("headers", ())):
            self._start()

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """The request has been handled."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._has_room.wait()
            message = await self._receive()
            if message["type"].endswith(".disconnect"):
                self._gone = dict(message)
                self.has_left = True
                # Those who wait for what has come already will not hear of this.
                is_told = self._waits > self._received.qsize()
                self._received.put_nowait(message)
                if not is_told:
                    self._left()
                return
            self._unread += _size(message)
            if self._unread > _UNREAD_BYTES:
                self._has_room.clear()
            self._received.put_nowait(message)

    async def receive(self) -> MutableMapping[str, Any]:
        """As the server's."""
        self._start()
        if self.has_left and self._received.empty():
            return self._gone
        self._waits += 1
        try:
            message = await self._received.get()
        finally:
            self._waits -= 1
        self._unread -= _size(message)
        self._has_room.set()
        return message


def _size(message: MutableMapping[str, Any]) -> int:
    return len(message.get("body") or message.get("bytes") or message.get("text") or b"")
