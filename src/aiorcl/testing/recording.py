# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What was published on a topic, and waiting for what a test expects there."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Generic

from rclpy.node import Node
from rclpy.qos import QoSProfile

from aiorcl._coroutines.arguments import check_callable
from aiorcl._coroutines.streams.messages import MessageStream, check_subscription
from aiorcl._rclpy.typed import MsgT
from aiorcl._serving.followers import EntityGoneError
from aiorcl.testing.message_text import message_text

if TYPE_CHECKING:
    from typing import Self


class Recorder(Generic[MsgT]):
    """The messages of a topic while a block is active; made by `record`."""

    def __init__(self, stream: MessageStream[MsgT], topic: str) -> None:
        self._stream = stream
        self._topic = topic
        #: All messages that were looked at so far, the oldest first.
        self.messages: list[MsgT] = []
        self._returned = 0  # those up to the last one that was returned
        self._waiting = asyncio.Lock()  # whose holder takes the next one, for all who wait

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stream.__aexit__(exc_type, exc, traceback)

    async def wait_for(self, predicate: Callable[[MsgT], object] = lambda message: True) -> MsgT:
        """Return the first message that fits, behind the one that the last call has returned.

        It may have come before the call. Several tasks may wait at once: each looks at every
        message from its call on. ``asyncio.timeout`` limits the wait: a note in its
        traceback says how many messages did not fit, and what the last one was.

        :param predicate: true for what is waited for; of every message by default.
        :raises EntityGoneError: if no message can come any more.
        """
        check_callable(predicate, "wait_for()", "predicate")
        begin = looked_at = self._returned
        try:
            while True:
                await self._come(looked_at)
                message = self.messages[looked_at]
                looked_at += 1
                if predicate(message):
                    self._returned = max(self._returned, looked_at)
                    return message
        except StopAsyncIteration:
            raise EntityGoneError(f"No message of '{self._topic}' can come any more") from None
        except asyncio.CancelledError as cancellation:
            passed = looked_at - begin
            last = f"; the last was {message_text(self.messages[looked_at - 1])}" if passed else ""
            cancellation.add_note(
                f"Waiting for a message of '{self._topic}': {passed} came that did not fit{last}"
            )
            raise

    async def _come(self, index: int) -> None:
        """Return when this message is there; another task may have waited for it, or does."""
        if index == len(self.messages):
            async with self._waiting:
                if index == len(self.messages):
                    self.messages.append(await anext(self._stream))


def record(
    node: Node, msg_type: type[MsgT], topic: str, qos_profile: QoSProfile | int = 10
) -> Recorder[MsgT]:
    """Record a topic: ``async with record(node, String, "chatter") as chatter:``.

    Everything that comes from the beginning of the block on is kept, so that nothing is missed
    between two waits.

    :param node: a node that an `AsyncioExecutor` serves on the running loop.
    :param qos_profile: of the subscription, as in `messages`.
    :raises ValueError: if the depth is negative.
    :raises rclpy.exceptions.InvalidTopicNameException: if no topic can have this name.
    :raises TypeError: if an argument is of the wrong kind.
    """
    check_subscription(node, msg_type, topic, qos_profile, "record()")
    return Recorder(MessageStream(node, msg_type, topic, qos_profile, sys.maxsize), topic)
