# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of several topics that belong together by their stamps, as an async iterator."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from rclpy.node import Node
from rclpy.qos import QoSProfile

from aiorcl._coroutines.arguments import (
    LONGEST_SEC,
    check,
    check_message_type,
    check_qos,
    check_topic,
    checked_queue_size,
    checked_seconds,
)
from aiorcl._coroutines.streams.stream import Feed, Stream
from aiorcl._serving.followers import Follower
from aiorcl._serving.registry import served_node_here
from aiorcl._serving.wrong_values import name_of_type, shown
from aiorcl._tasks.groups import LoopCallbackGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rclpy.subscription import Subscription

SetT = TypeVar("SetT", bound="tuple[Any, ...]")
M1 = TypeVar("M1")
M2 = TypeVar("M2")
M3 = TypeVar("M3")
M4 = TypeVar("M4")

_STAMPED = "std_msgs/Header"


def _stamp_ns(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


class _Matcher:
    """The messages that wait for others, by topic and stamp.

    As ``message_filters`` does it: a set is complete when its last message comes, and is made with
    those that are nearest to that one.
    """

    def __init__(self, topics: int, queue_size: int, tolerance_ns: int) -> None:
        self._waiting: list[dict[int, Any]] = [{} for _ in range(topics)]
        self._queue_size = queue_size
        self._tolerance_ns = tolerance_ns
        self.unmatched = [0] * topics

    def add(self, topic: int, message: Any) -> tuple[Any, ...] | None:
        """Return the set that is complete with a message; None if it has to wait."""
        stamp = _stamp_ns(message)
        own = self._waiting[topic]
        if stamp in own:  # of which there is one at most
            self.unmatched[topic] += 1
        own[stamp] = message
        stamps = self._nearest(topic, stamp)
        if stamps is not None:
            waiting = zip(self._waiting, stamps, strict=True)
            return tuple(messages.pop(each) for messages, each in waiting)
        if len(own) > self._queue_size:
            del own[min(own)]
            self.unmatched[topic] += 1
        return None

    def _nearest(self, topic: int, stamp: int) -> tuple[int, ...] | None:
        tolerance = self._tolerance_ns
        candidates = []
        for other, messages in enumerate(self._waiting):
            if other == topic:
                candidates.append([stamp])
                continue
            near = [each for each in messages if abs(each - stamp) <= tolerance]
            if not near:
                return None
            near.sort(key=lambda each: abs(each - stamp))
            candidates.append(near)
        sets = itertools.product(*candidates)
        return next((each for each in sets if max(each) - min(each) <= tolerance), None)


class _EndsWith(Follower):
    """Ends a feed when one of its subscriptions is gone."""

    def __init__(self, feed: Feed[Any]) -> None:
        self._feed = feed

    def gone(self, reason: str) -> None:
        self._feed.gone(reason)


class SynchronizedStream(Stream[SetT]):
    """Sets of messages; made by `aiorcl.synchronized`."""

    def __init__(
        self,
        node: Node,
        topics: Sequence[tuple[Any, str]],
        qos_profile: QoSProfile | int,
        queue_size: int,
        tolerance_ns: int,
    ) -> None:
        self._closed = True  # until it is whole
        self._node = node
        self._topics = topics
        self._qos_profile = qos_profile
        self._queue_size = queue_size
        self._matcher = _Matcher(len(topics), queue_size, tolerance_ns)
        self._subscriptions: list[Subscription[Any]] = []
        super().__init__()

    def __repr__(self) -> str:
        topics = ", ".join(f"'{topic}'" for _, topic in self._topics)
        return f"<SynchronizedStream of {topics}{' (closed)' if self._closed else ''}>"

    @property
    def subscriptions(self) -> list[Subscription[Any]]:
        """The subscriptions of the stream, in the order of the topics; none before it is open."""
        return list(self._subscriptions)

    @property
    def unmatched(self) -> list[int]:
        """How many messages of each topic were dropped, because those that belong to them have not
        come before ``queue_size`` later ones, or another one has come with the same stamp.
        """
        return list(self._matcher.unmatched)

    def _open(self) -> Feed[SetT]:
        served_node = served_node_here(self._node)
        feed: Feed[SetT] = Feed(self._queue_size)
        subscriptions: list[Subscription[Any]] = []
        try:
            for number, (msg_type, topic) in enumerate(self._topics):
                subscription = self._node.create_subscription(
                    *(msg_type, topic, _taker(feed, self._matcher, number), self._qos_profile),
                    callback_group=LoopCallbackGroup(),
                )
                subscriptions.append(subscription)
                feed.owns(partial(self._node.destroy_subscription, subscription))
                follower = _EndsWith(feed)
                feed.owns(partial(served_node.serving.unfollow, follower))
                served_node.serving.follow(follower, subscription, self._node)
        except BaseException:
            feed.close()
            raise
        self._subscriptions = subscriptions
        return feed


def _taker(feed: Feed[Any], matcher: _Matcher, number: int) -> Callable[[Any], None]:
    # It does not know the stream, which nobody may hold but the user.
    def take(message: Any) -> None:
        complete = matcher.add(number, message)
        if complete is not None:
            feed.put(complete)

    return take


def _checked(topics: Sequence[Any], node: Node, function: str) -> Iterator[tuple[Any, str]]:
    for each in topics:
        if not isinstance(each, tuple | list) or len(each) != 2:
            raise TypeError(
                f"{function} takes the message class and the name of each topic, such as "
                f"(Image, 'left'), not {shown(each)}"
            )
        msg_type, topic = each
        check_message_type(msg_type, function)
        check(topic, str, function, "the name of a topic as a string")
        check_topic(node, topic)
        if msg_type.get_fields_and_field_types().get("header") != _STAMPED:
            raise TypeError(
                f"{function} takes messages with a std_msgs/Header as 'header', by whose stamps "
                f"they belong together; {name_of_type(msg_type)} has none"
            )
        yield msg_type, topic
    if len(topics) < 2:
        raise TypeError(f"{function} takes two topics or more")


@overload
def synchronized(
    node: Node,
    first: tuple[type[M1], str],
    second: tuple[type[M2], str],
    /,
    *,
    tolerance_sec: float = ...,
    queue_size: int = ...,
    qos_profile: QoSProfile | int = ...,
) -> SynchronizedStream[tuple[M1, M2]]: ...
@overload
def synchronized(
    node: Node,
    first: tuple[type[M1], str],
    second: tuple[type[M2], str],
    third: tuple[type[M3], str],
    /,
    *,
    tolerance_sec: float = ...,
    queue_size: int = ...,
    qos_profile: QoSProfile | int = ...,
) -> SynchronizedStream[tuple[M1, M2, M3]]: ...
@overload
def synchronized(
    node: Node,
    first: tuple[type[M1], str],
    second: tuple[type[M2], str],
    third: tuple[type[M3], str],
    fourth: tuple[type[M4], str],
    /,
    *,
    tolerance_sec: float = ...,
    queue_size: int = ...,
    qos_profile: QoSProfile | int = ...,
) -> SynchronizedStream[tuple[M1, M2, M3, M4]]: ...
@overload
def synchronized(
    node: Node,
    *topics: tuple[type[Any], str],
    tolerance_sec: float = ...,
    queue_size: int = ...,
    qos_profile: QoSProfile | int = ...,
) -> SynchronizedStream[tuple[Any, ...]]: ...


def synchronized(
    node: Node,
    *topics: tuple[type[Any], str],
    tolerance_sec: float = 0.0,
    queue_size: int = 10,
    qos_profile: QoSProfile | int = 10,
) -> SynchronizedStream[Any]:
    """Return the messages of topics that belong together: ``async for left, right in ...``.

    By the stamps of their headers: ``tolerance_sec`` is the most by which the oldest and the newest
    of a set may differ, 0 for equal stamps only. A set is complete when its last message comes,
    and is made of those that are nearest to that one.

        async for image, info in aiorcl.synchronized(
            node, (Image, "image"), (CameraInfo, "camera_info"), tolerance_sec=0.01
        ):
            ...

    It follows ``TimeSynchronizer`` and ``ApproximateTimeSynchronizer`` of ``message_filters``; but
    stamps that differ by the tolerance itself belong together, so that 0 is the exact case. All
    topics end together: with the subscription of one of them the iteration ends.

    :param node: a node that an `AsyncioExecutor` serves on the running loop when the first set is
        asked for.
    :param topics: the message class, which has a ``std_msgs/Header`` as ``header``, and the name.
    :param queue_size: how many messages of each topic wait for others, the oldest by their stamps
        being dropped first (``unmatched`` counts them), and how many sets wait for a task
        (``dropped``).
    :param qos_profile: of the subscriptions; a number is the depth of their history.
    :raises TypeError: if an argument is of the wrong kind.
    :raises ValueError: if the tolerance is negative or infinite, ``queue_size`` less than 1, or the
        depth negative.
    :raises rclpy.exceptions.InvalidTopicNameException: if no topic can have this name.
    """
    function = "aiorcl.synchronized()"
    check(node, Node, function, "a node")
    checked = list(_checked(topics, node, function))
    tolerance = checked_seconds(
        tolerance_sec, f"{function} takes a tolerance in seconds, 0 or more", below=LONGEST_SEC
    )
    limit = checked_queue_size(queue_size, f"{function} takes queue_size as an int")
    check_qos(qos_profile, function)
    return SynchronizedStream(node, checked, qos_profile, limit, round(tolerance * 1e9))
