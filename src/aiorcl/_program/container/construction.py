# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Gives options to a node that its class constructs, and notes what it constructs."""

from __future__ import annotations

import functools
import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.logging import set_logger_level
from rclpy.node import Node

from aiorcl._program.container.node_options import NodeOptions

if TYPE_CHECKING:
    from typing import Self


class Construction:
    """A block in which one node of a class is constructed, with options that it knows nothing of.

    The constructors of users' classes take none, so it is that of rclpy's Node which is given them,
    when it is called for the first object of the class on this thread. Other nodes that are made
    meanwhile, by the constructor itself or on other threads, are as ever.
    """

    def __init__(self, node_class: type[Node], options: NodeOptions) -> None:
        self._class = node_class
        self._options = options
        self._is_given = False
        self._is_over = False
        #: The node, once rclpy has made it, also if its constructor raises afterwards.
        self.node: Node | None = None
        #: Of the logger that has got a level; None if none has.
        self.logger_name: str | None = None
        #: All nodes that were made in the block, on its thread.
        self.made: list[weakref.ref[Node]] = []

    def __enter__(self) -> Self:
        thread = threading.get_ident()
        plain = Node.__init__

        @functools.wraps(plain)
        def construct(node: Node, *args: Any, **kwargs: Any) -> None:
            if threading.get_ident() == thread and not self._is_over:
                self._construct(plain, node, args, kwargs)
            else:
                plain(node, *args, **kwargs)

        self._plain, self._ours = plain, construct
        setattr(Node, "__init__", construct)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_over = True
        if Node.__init__ is self._ours:  # else a library has changed it meanwhile, and calls ours
            setattr(Node, "__init__", self._plain)

    def _construct(self, plain: Any, node: Node, args: Any, kwargs: dict[str, Any]) -> None:
        self.made.append(weakref.ref(node))
        if self._is_given or not isinstance(node, self._class):
            plain(node, *args, **kwargs)
            return
        self._is_given = True
        plain(node, *args, **self._options.merged_with(kwargs))
        self.node = node
        if self._options.log_level is not LoggingSeverity.UNSET:
            # Now: the rest of the constructor logs, too.
            self.logger_name = node.get_logger().name
            set_logger_level(self.logger_name, self._options.log_level)
