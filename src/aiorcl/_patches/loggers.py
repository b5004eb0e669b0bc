# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What entities gain: the logger of their node, where rclpy has none."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from rclpy.client import Client
from rclpy.exceptions import InvalidHandle
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from aiorcl._rclpy.attachments import attach, attached


class _LoggerOfNode:
    """The logger of the node that the entity belongs to.

    No property: subclasses, and whoever else sets an attribute of this name, have their own.
    """

    def __init__(self, name_of: Callable[[Any], str]) -> None:
        self.__doc__ = type(self).__doc__
        self._name_of = name_of

    def __get__(self, entity: Any, cls: type) -> Any:
        return self if entity is None else get_logger(self._name_of(entity))


def _logger_name_of_timer(timer: Any) -> str:
    name: str | None = attached(timer, "logger_name")
    if name is None:
        raise RuntimeError("The timer was not created by a node, so it has no logger")
    return name


def _create_timer_with_logger(create_timer: Callable[..., Timer]) -> Callable[..., Timer]:
    @functools.wraps(create_timer)
    def wrapper(self: Node, *args: Any, **kwargs: Any) -> Timer:
        timer = create_timer(self, *args, **kwargs)
        with contextlib.suppress(InvalidHandle), self.handle:
            # Not by get_logger(), which may be a method of the user's.
            attach(timer, "logger_name", self.handle.logger_name())
        return timer

    return wrapper


def apply() -> None:
    """Change the classes; once."""
    for named in (Subscription, Publisher, Service, Client):
        if not hasattr(named, "logger"):
            setattr(named, "logger", _LoggerOfNode(attrgetter("logger_name")))
    if not hasattr(Timer, "logger"):
        setattr(Timer, "logger", _LoggerOfNode(_logger_name_of_timer))
        setattr(Node, "create_timer", _create_timer_with_logger(Node.create_timer))
