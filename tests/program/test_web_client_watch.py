# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Whether a client has left, while its handler does other things: of requests of every shape.

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from aiorcl._program.web_client_watch import _UNREAD_BYTES, ClientWatch
from tests.support.turns import turns

Message = MutableMapping[str, Any]

LEFT: Message = {"type": "websocket.disconnect", "code": 1001}


def said(text: str) -> Message:
    """What a page sends."""
    return {"type": "websocket.receive", "text": text}


class Client:
    """Sends what a test says, by a server that has it all at once."""

    def __init__(self, *headers: tuple[bytes, bytes]) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.times_left = 0
        self.watch = ClientWatch(
            {"type": "websocket", "headers": list(headers)}, self.sent.get, self._left
        )

    def _left(self) -> None:
        self.times_left += 1

    async def sends(self, *messages: Message) -> None:
        """Send, and let the loop turn."""
        for message in messages:
            self.sent.put_nowait(message)
        await turns()


def test_a_handler_that_does_not_receive_is_told() -> None:
    """Whatever the client has sent before, and nobody has read."""

    async def main() -> None:
        for unread in range(4):
            client = Client()
            await client.sends(*(said(str(number)) for number in range(unread)), LEFT)
            assert client.times_left == 1
            assert [await client.watch.receive() for _ in range(unread)] == [
                said(str(number)) for number in range(unread)
            ]
            assert await client.watch.receive() == LEFT
            assert await client.watch.receive() == LEFT  # and on and on
            client.watch.stop()

    asyncio.run(main())


def test_a_handler_that_waits_for_its_client_hears_of_it() -> None:
    """It is not told in another way."""

    async def main() -> None:
        client = Client()
        receiving = asyncio.ensure_future(client.watch.receive())
        await turns()
        await client.sends(LEFT)
        assert await receiving == LEFT
        assert client.times_left == 0

    asyncio.run(main())


def test_a_command_and_the_end_in_one_go() -> None:
    """The handler that has waited gets the command, and does not wait any more."""

    async def main() -> None:
        client = Client()
        receiving = asyncio.ensure_future(client.watch.receive())
        await turns()
        await client.sends(said("drive"), LEFT)
        assert await receiving == said("drive")
        assert client.times_left == 1

    asyncio.run(main())


def test_a_client_that_expects_an_answer_first() -> None:
    """To receive would be that answer, which is the handler's."""

    async def main() -> None:
        client = Client((b"Expect", b"100-continue"))
        await client.sends(said("body"))
        assert client.sent.qsize() == 1
        assert await client.watch.receive() == said("body")
        await client.sends(LEFT)
        assert client.times_left == 1

    asyncio.run(main())


def test_a_client_that_sends_more_than_is_read_has_to_wait() -> None:
    """What nobody reads is not kept without a limit."""
    long = said("x" * (_UNREAD_BYTES // 2 + 1))

    async def main() -> None:
        client = Client()
        await client.sends(long, long, long, LEFT)
        assert (client.sent.qsize(), client.times_left) == (2, 0)
        assert [await client.watch.receive() for _ in range(3)] == [long] * 3
        await turns()
        assert client.times_left == 1
        client.watch.stop()

    asyncio.run(main())
