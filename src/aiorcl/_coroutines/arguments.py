# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the public functions take: anything else is refused at once, with what to write."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import math
import operator
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, SupportsFloat

from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.expand_topic_name import expand_topic_name
from rclpy.qos import QoSProfile
from rclpy.validate_full_topic_name import validate_full_topic_name
from rclpy.validate_topic_name import validate_topic_name

from aiorcl._core import is_coroutine
from aiorcl._serving.wrong_values import name_of_type, shown
from aiorcl._tasks.task import is_coroutine_function, name_of_function

if TYPE_CHECKING:
    from rclpy.node import Node

# Of the history of an entity: rclpy hands it on as an int of C.
_MOST_DEPTH = 2**31 - 1
#: From here on rcl, which counts nanoseconds, takes a time for a negative one.
LONGEST_SEC = 2**63 / 1e9


def check(value: object, cls: type | tuple[type, ...], function: str, expected: str) -> None:
    """Raise TypeError unless ``value`` is of a class.

    :param function: that was called: ``"aiorcl.call()"``.
    :param expected: what it takes, and how to get it.
    """
    if not isinstance(value, cls):
        raise TypeError(f"{function} takes {expected}, not {shown(value)}")


def check_future(value: object, function: str) -> None:
    """Raise TypeError unless ``value`` says when it is done, as futures of any kind do."""
    if is_coroutine(value):
        name = name_of_function(value)
        value.close()  # or it would complain of never having been awaited
        raise TypeError(
            f"{function} takes a future, not a coroutine: write executor.create_task({name}())"
        )
    if isinstance(value, type) or not callable(getattr(value, "add_done_callback", None)):
        raise TypeError(
            f"{function} takes a future, as client.call_async() and executor.create_task() return "
            f"it, not {shown(value)}"
        )


def timeout(timeout_sec: float | None, function: str) -> float | None:
    """Return a timeout as rclpy means it: None and less than 0 are for ever.

    So is what is longer than a thread can wait.

    :raises TypeError: if it is no number.
    :raises ValueError: if it is NaN, which no time is past.
    """
    if timeout_sec is None:
        return None
    takes = f"{function} takes a timeout in seconds, or None"
    # For spin_once, of which there are many: to ask whether something is a number takes longer.
    is_float = type(timeout_sec) is float
    seconds = timeout_sec if is_float else checked_number(timeout_sec, takes)
    if math.isnan(seconds):
        raise ValueError(f"{takes}, not {timeout_sec}")
    return seconds if 0 <= seconds <= threading.TIMEOUT_MAX else None


def checked_number(value: Any, takes: str) -> float:
    """Return a number of any kind as a float; infinity for one that is larger than any float.

    :param takes: what is called, and what it takes: ``"play() takes a positive rate"``.
    :raises TypeError: if it is none.
    """
    number: Any = value
    try:
        if isinstance(value, SupportsFloat):
            return float(value)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    except TypeError:
        pass  # the class of a number
    raise TypeError(f"{takes}, not {shown(value)}")


def checked_seconds(value: object, takes: str, *, below: float = math.inf) -> float:
    """Return a number of seconds, 0 or more, as a float.

    :param takes: as of ``checked_number``.
    :raises TypeError: if it is no number.
    :raises ValueError: if it is negative, NaN, infinite, or not below a limit.
    """
    result = checked_number(value, takes)
    if not 0 <= result < below:
        raise ValueError(f"{takes}, not {shown(value)}")
    return result


def check_qos(value: object, function: str) -> None:
    """Raise an error unless ``value`` is a profile of QoS, or the depth that stands for one.

    :raises TypeError: if it is neither.
    :raises ValueError: if the depth is none that rclpy takes.
    """
    expected = "a QoSProfile, or the depth of its history as an int"
    check(value, (QoSProfile, int), function, expected)
    if isinstance(value, int) and not 0 <= value <= _MOST_DEPTH:
        raise ValueError(f"{function} takes a depth of 0 or more, up to {_MOST_DEPTH}, not {value}")


def checked_queue_size(value: object, takes: str, name: str = "queue_size") -> int:
    """Return how many items a stream is to keep.

    :param takes: who takes what: ``"aiorcl.messages() takes queue_size as an int, or None"``.
    :param name: of the argument.
    :raises TypeError: if it is no int.
    :raises ValueError: if it is less than 1.
    """
    try:
        size = operator.index(value)  # type: ignore[arg-type]  # it says so itself
    except TypeError:
        raise TypeError(f"{takes}, not {shown(value)}") from None
    if size < 1:
        raise ValueError(f"{name} must be at least 1, not {size}")
    return size


def check_message(value: object, cls: type, what: str) -> None:
    """Raise TypeError unless ``value`` is a message of a class.

    :param what: names it and what it belongs to: ``"A request of '/service'"``.
    """
    if not isinstance(value, cls):
        raise TypeError(f"{what} is expected, of type {name_of_type(cls)}, not {shown(value)}")


def check_message_type(value: object, function: str) -> None:
    """Raise TypeError unless ``value`` is the class of a message."""
    if not _has(value, "get_fields_and_field_types") or _has(value, "Request"):
        raise TypeError(
            f"{function} takes a message class, such as std_msgs.msg.String, not {shown(value)}"
        )


def check_topic(node: Node, topic: str) -> None:
    """Raise rclpy's InvalidTopicNameException unless a topic of a node may have this name."""
    validate_topic_name(topic)
    with contextlib.suppress(InvalidHandle):  # whoever makes the entity says so
        name = expand_topic_name(topic, node.get_name(), node.get_namespace())
        validate_full_topic_name(name)


def check_action_type(value: object, function: str) -> None:
    """Raise TypeError unless ``value`` is the class of an action.

    rclpy does not look, and crashes.
    """
    if not _has(value, "Goal", "Result", "Feedback", "Impl"):
        raise TypeError(
            f"{function} takes an action class, such as nav2_msgs.action.NavigateToPose, not "
            f"{shown(value)}"
        )


def check_service_type(value: object, function: str) -> None:
    """Raise TypeError unless ``value`` is the class of a service."""
    if not _has(value, "Request", "Response"):
        raise TypeError(
            f"{function} takes a service class, such as std_srvs.srv.Trigger, not {shown(value)}"
        )


def check_coroutine_function(value: object, function: str, signature: str) -> None:
    """Raise TypeError unless a call of ``value`` makes a coroutine, as far as it says so.

    :param signature: what to write: ``"async def execute(goal)"``.
    """
    if not makes_coroutine(value):
        raise TypeError(f"{function} takes a coroutine function, '{signature}', not {shown(value)}")


def check_callable(value: object, function: str, name: str) -> None:
    """Raise TypeError unless ``value`` can be called, or is None."""
    if value is not None and not callable(value):
        raise TypeError(f"{function} takes a function as {name}, not {shown(value)}")


def check_context(value: object, function: str) -> None:
    """Raise TypeError unless ``value`` is a context, or None."""
    if value is not None:
        check(value, Context, function, "a Context of rclpy, such as node.context")


def check_executor_arguments(loop: object, on_error: object, strict_groups: object) -> None:
    """Raise TypeError for what no executor can be made with, beside its context."""
    function = "AsyncioExecutor()"
    if loop is not None:
        check(loop, asyncio.AbstractEventLoop, function, "an event loop")
    check_callable(on_error, function, "on_error")
    check(strict_groups, bool, function, "True or False as strict_groups")


def _has(value: object, *attributes: str) -> bool:
    return isinstance(value, type) and all(hasattr(value, each) for each in attributes)


def makes_coroutine(value: Any) -> bool:
    """Tell whether a call makes a coroutine, as far as it, or what it decorates, says so."""
    while isinstance(value, functools.partial):
        value = value.func
    if not callable(value) or isinstance(value, type):
        return False
    call: Callable[..., Any] = type(value).__call__
    candidates = [value, call]
    with contextlib.suppress(Exception):  # as is_coroutine_function does
        candidates += [inspect.unwrap(value), inspect.unwrap(call)]
    return any(map(is_coroutine_function, candidates))
