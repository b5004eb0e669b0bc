# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a topic, as an async iterator."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from rclpy.node import Node
from rclpy.qos import QoSProfile

from aiorcl._coroutines.arguments import (
    check,
    check_message_type,
    check_qos,
    check_topic,
    checked_queue_size,
)
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._loop.shutdown_state import Reason
from aiorcl._rclpy.depth import depth_of
from aiorcl._rclpy.typed import MsgT
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.registry import served_node_here
from aiorcl._serving.report import logger_of
from aiorcl._tasks.groups import LoopCallbackGroup

if TYPE_CHECKING:
    from rclpy.subscription import Subscription

# A queue that overflows is told of at once, and then no more often than this.
_TELL_SEC = 10.0


class _DropWarning:
    """Tells of messages that a stream has lost, in the log of its node."""

    def __init__(self, node: Node, topic: str, limit: int) -> None:
        self._logger = logger_of(node)
        self._topic = topic
        self._limit = limit
        self._untold = 0
        self._told_at = float("-inf")

    def __call__(self) -> None:
        self._untold += 1
        now = time.monotonic()
        if now - self._told_at < _TELL_SEC:
            return
        self._logger.warning(
            f"The stream of '{self._topic}' has dropped {self._untold} message(s), the oldest "
            f"first: its queue of {self._limit} is full, because the task that reads it is slower "
            "than they come. Make queue_size larger, or 1 for the newest only"
        )
        self._untold, self._told_at = 0, now


class MessageStream(Stream[MsgT]):
    """The messages of a topic; made by `aiorcl.messages`."""

    def __init__(
        self,
        node: Node,
        msg_type: type[MsgT],
        topic: str,
        qos_profile: QoSProfile | int,
        queue_size: int | None,
    ) -> None:
        self._closed = True  # until it is whole
        self._node = node
        self._msg_type = msg_type
        self._topic = topic
        self._qos_profile = qos_profile
        self._limit = _limit(qos_profile, queue_size)
        self._subscription: Subscription[MsgT] | None = None
        super().__init__()

    def __repr__(self) -> str:
        return f"<MessageStream of '{self._topic}'{' (closed)' if self._closed else ''}>"

    @property
    def subscription(self) -> Subscription[MsgT]:
        """The subscription of the stream.

        :raises RuntimeError: before the stream was opened, by ``async with`` or the first message.
        """
        if self._subscription is None:
            raise RuntimeError(
                f"The stream of '{self._topic}' is not open yet: enter it by 'async with'"
            )
        return self._subscription

    def _open(self) -> Feed[MsgT]:
        served_node = served_node_here(self._node)
        limit = self._limit
        warning: _DropWarning | None = None
        if limit is not None and limit > 1:  # of the newest only the others are not wanted
            warning = _DropWarning(self._node, self._topic, limit)
        feed: Feed[MsgT] = Feed(limit, warning)
        self._subscription = self._node.create_subscription(
            *(self._msg_type, self._topic, feed.put, self._qos_profile),
            callback_group=LoopCallbackGroup(),
        )
        feed.owns(partial(self._node.destroy_subscription, self._subscription))
        feed.follow(served_node.serving, self._subscription, self._node)
        return feed


class _FirstMessage(MessageStream[MsgT]):
    """Messages of which only the first is wanted."""

    async def first(self) -> MsgT:
        """Return it, or raise EntityGoneError if none can come."""
        feed = self._opened()
        try:
            return await feed.get()
        except StopAsyncIteration:
            reason = feed.reason if isinstance(feed.reason, Reason) else Reason(f"{feed.reason}")
            what = f"No message of '{self._topic}' can come any more"
            gone = EntityGoneError(reason.of(what))
            raise gone from gone.__cause__


def check_subscription(
    node: Node, msg_type: object, topic: str, qos_profile: object, function: str
) -> None:
    """Raise an error unless a node can be given this subscription.

    :param function: that was called: ``"aiorcl.messages()"``.
    """
    check(node, Node, function, "a node")
    check_message_type(msg_type, function)
    check(topic, str, function, "the name of a topic as a string")
    check_topic(node, topic)
    check_qos(qos_profile, function)


def _limit(qos_profile: QoSProfile | int, queue_size: int | None) -> int | None:
    """Return how many messages a stream keeps, or None if all."""
    if queue_size is None:
        return depth_of(qos_profile)
    return checked_queue_size(queue_size, "aiorcl.messages() takes queue_size as an int, or None")


def messages(
    node: Node,
    msg_type: type[MsgT],
    topic: str,
    qos_profile: QoSProfile | int = 10,
    *,
    queue_size: int | None = None,
) -> MessageStream[MsgT]:
    """Return the messages of a topic: ``async for message in aiorcl.messages(...)``.

    The stream takes each message from the middleware as it comes, and keeps it until a task asks
    for it. When its queue is full the oldest message makes room for the new one, is counted in
    ``dropped``, and the node's log tells of it, once and then every 10 s at most.

    :param node: a node that an `AsyncioExecutor` serves on the running loop when the first message
        is asked for.
    :param qos_profile: of the subscription; a number is the depth of its history, as in rclpy.
    :param queue_size: how many messages to keep. If None, the depth of the profile, or with
        KEEP_ALL no limit; 1 keeps the newest only, and the log says nothing of others.
    :raises ValueError: if ``queue_size`` is less than 1, or the depth negative.
    :raises rclpy.exceptions.InvalidTopicNameException: if no topic can have this name.
    :raises TypeError: if an argument is of the wrong kind.
    """
    check_subscription(node, msg_type, topic, qos_profile, "aiorcl.messages()")
    return MessageStream(node, msg_type, topic, qos_profile, queue_size)


async def next_message(
    node: Node, msg_type: type[MsgT], topic: str, qos_profile: QoSProfile | int = 10
) -> MsgT:
    """Wait for the first message that a new subscription of ``topic`` gets, and return it.

    With a profile that is transient local this is one that was published before, if there is any.
    The subscription is destroyed before this returns, or when it is cancelled; where one message
    after the other is wanted, a stream misses none between them. ``asyncio.timeout`` limits the
    wait.

    :raises EntityGoneError: if no message can come any more, see `Stream`.
    :raises RuntimeError: unless an `AsyncioExecutor` serves the node on the running loop.
    :raises ValueError: if the depth is negative.
    :raises rclpy.exceptions.InvalidTopicNameException: if no topic can have this name.
    :raises TypeError: if an argument is of the wrong kind.
    """
    check_subscription(node, msg_type, topic, qos_profile, "aiorcl.next_message()")
    async with _FirstMessage(node, msg_type, topic, qos_profile, sys.maxsize) as stream:
        return await stream.first()
