# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Publishing a list of messages, each at its time."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Iterable
from typing import Any

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile

from aiorcl._coroutines.arguments import check, check_message_type, check_qos, checked_number
from aiorcl._coroutines.publishing import publish
from aiorcl._coroutines.readiness import subscribers_ready
from aiorcl._serving.wrong_values import name_of_type, shown

# How long a reliable publisher is given for its last messages, when all are published.
_ACKNOWLEDGED_SEC = 5.0
_LOOK_SEC = (0.001, 0.05)


async def play(
    node: Node,
    messages: Iterable[tuple[float, str, Any]],
    *,
    rate: float = 1.0,
    qos_profile: QoSProfile | int = 10,
) -> None:
    """Publish messages, each at its time; return when the last one is out and has arrived.

    Waits until each topic has a subscriber before it begins. Messages that are late are published
    at once, in their order. A wait that is cancelled leaves nothing.

    :param node: a node that an `AsyncioExecutor` serves on the running loop.
    :param messages: a time in seconds since the first one, the topic, and the message of each; in
        the order of the times. All messages of one topic are of one type.
    :param rate: how many seconds of the list pass in one second.
    :param qos_profile: of the publishers, which exist until this returns.
    :raises ValueError: if times go back, or are not finite, the rate is not positive, or the depth
        negative.
    :raises TypeError: if an argument is of the wrong kind, or one topic has messages of two types.
    :raises TimeoutError: if a reliable subscriber has not got the last messages 5 s later.
    """
    check(node, Node, "play()", "a node")
    takes = "play() takes a positive rate"
    speed = checked_number(rate, takes)
    if not speed > 0:
        raise ValueError(f"{takes}, not {shown(rate)}")
    check_qos(qos_profile, "play()")
    listed = _checked(messages)
    times = [time for time, _, _ in listed]
    with contextlib.ExitStack() as at_exit:
        publishers: dict[str, Publisher[Any]] = {}
        for _, topic, message in listed:
            if topic not in publishers:
                made = node.create_publisher(type(message), topic, qos_profile)
                at_exit.callback(node.destroy_publisher, made)
                publishers[topic] = made
        for publisher in publishers.values():
            await subscribers_ready(publisher)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for time, topic, message in listed:
            await asyncio.sleep(begin + (time - times[0]) / speed - loop.time())
            await publish(publishers[topic], message)
        for topic, publisher in publishers.items():
            if not await _all_acked(publisher):
                raise TimeoutError(
                    f"play(): a subscriber of '{topic}' has not got the last messages in "
                    f"{_ACKNOWLEDGED_SEC:g} s"
                )


async def _all_acked(publisher: Publisher[Any]) -> bool:
    # Not one long wait in a thread: rclpy holds the GIL in it, and everything would stand still.
    loop = asyncio.get_running_loop()
    end = loop.time() + _ACKNOWLEDGED_SEC
    look, longest = _LOOK_SEC
    while not publisher.wait_for_all_acked(Duration()):
        if loop.time() >= end:
            return False
        await asyncio.sleep(look)
        look = min(2 * look, longest)
    return True


def _checked(messages: Iterable[Any]) -> list[tuple[float, str, Any]]:
    check(messages, Iterable, "play()", "a list of messages, each with its time and its topic")
    listed: list[tuple[float, str, Any]] = []
    types: dict[str, type] = {}
    last = -math.inf
    for each in messages:
        if not isinstance(each, tuple | list) or len(each) != 3:
            raise TypeError(
                f"play() takes a time, a topic and a message of each, not {shown(each)}"
            )
        time = checked_number(each[0], "play() takes times in seconds")
        topic, message = each[1:]
        check(topic, str, "play()", "the name of a topic as a string")
        if not (math.isfinite(time) and last <= time):
            raise ValueError("play() takes messages in the order of their times, which are finite")
        last = time
        cls = types.setdefault(topic, type(message))
        if type(message) is not cls:
            raise TypeError(
                f"play() takes messages of one type for '{topic}': {name_of_type(cls)} came first, "
                f"and then {name_of_type(type(message))}"
            )
        check_message_type(cls, "play()")
        listed.append((time, topic, message))
    return listed
