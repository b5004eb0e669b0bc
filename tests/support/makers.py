# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The types of the functions that fixtures hand out.

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from rclpy.context import Context
from rclpy.executors import Executor
from rclpy.node import Node

MakeContext = Callable[[], Context]
#: Runs a coroutine function on a new loop.
Run = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
#: Runs a test that is given the node of an action server, and a client of another node.
RunAction = Callable[[Callable[..., Coroutine[Any, Any, None]]], None]


class MakeNode(Protocol):
    """Makes nodes with new names."""

    def __call__(self, cls: type[Node] = ..., **options: object) -> Node: ...


class MakeExecutor(Protocol):
    """Makes executors of one kind."""

    def __call__(self, context: Context = ...) -> Executor: ...
