# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Names what an exception came from, and tells of exceptions that cannot be raised."""

from __future__ import annotations

import contextlib
import traceback
from typing import TYPE_CHECKING, cast

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.logging import get_logger

from aiorcl import _core
from aiorcl._serving.executions import ExecuteCallback, Execution
from aiorcl._serving.naming import label_of, name_of
from aiorcl._serving.registry import node_of_part, served
from aiorcl._serving.serving import BrokenEntity
from aiorcl._tasks.task import Task

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._loop.run import Run


def node_of(entity: _core.Entity) -> Node | None:
    """Return the node of a watched entity; None if it is watched no more."""
    found = served(entity.rclpy_entity)
    return None if found is None else found.served_node.node


def node_of_source(source: object) -> Node | None:
    """Return the node of what an exception came from; None if it is of none."""
    if isinstance(source, _core.Entity):
        return node_of_part(source)
    if isinstance(source, BrokenEntity | ExecuteCallback):
        return source.node
    return cast("Node | None", source.owner) if isinstance(source, Task) else None


def logger_of(node: Node | None) -> RcutilsLogger:
    """Return the logger of a node, if that is one of rclpy's; else, and of none, ours."""
    with contextlib.suppress(Exception):  # of a method of the user's
        logger = None if node is None else node.get_logger()
        if isinstance(logger, RcutilsLogger):
            return logger
    return get_logger("aiorcl")


class ExecutorReport:
    """How one executor tells of exceptions: an `errors.Report`. On the loop's thread."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def origin(self, source: object) -> str:
        """Name an entity and its node, or a task."""
        node = node_of_source(source)
        if isinstance(source, BrokenEntity | ExecuteCallback | Execution):
            what = source.label
        else:
            what = label_of(source) if isinstance(source, _core.Entity) else _task(source)
        return what if node is None else f"{what} of node '{name_of(node)}'"

    def handle(self, message: str, error: BaseException) -> None:
        """Hand the exception to the exception handler of the loop, which logs it."""
        loop = self._run.loop
        if loop is not None:
            loop.call_exception_handler({"message": message, "exception": error})
        else:
            get_logger("aiorcl").error("".join([message, "\n", *traceback.format_exception(error)]))

    def log(self, source: object, message: str) -> None:
        """Log an error, by the logger of the node if there is one."""
        logger_of(node_of_source(source)).error(message)

    def warn(self, source: object, message: str) -> None:
        """As log(), a warning."""
        logger_of(node_of_source(source)).warning(message)


def _task(source: object) -> str:
    name = getattr(source, "name", "")
    return f"task '{name}'" if name else "task"
