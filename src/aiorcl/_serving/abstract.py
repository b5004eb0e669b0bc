# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What executors have in common: a typing base, and the bookkeeping of nodes."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from rclpy.utilities import get_default_context

from aiorcl._rclpy.private import call_task_in_next_spin, executor_of
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.wrong_values import shown
from aiorcl._tasks.future import Future

if TYPE_CHECKING:
    import rclpy.task
    from rclpy.executors import Executor as _Executor
else:
    # As rclpy's: so a class that derives from one of rclpy's can be given one of these as its base.
    _Executor = abc.ABC

T = TypeVar("T")


class AbstractExecutor(Protocol):
    """What every executor offers: rclpy's SingleThreadedExecutor and EventsExecutor, and ours.

    A typing base only. Write it where any executor will do.
    """

    @property
    def context(self) -> Context: ...
    def add_node(self, node: Node) -> bool: ...
    def remove_node(self, node: Node) -> None: ...
    def get_nodes(self) -> list[Node]: ...
    def wake(self) -> None: ...
    def create_task(
        self, callback: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> rclpy.task.Task[Any]: ...
    def spin(self) -> None: ...
    def spin_once(self, timeout_sec: float | None = None) -> None: ...
    def spin_until_future_complete(
        self, future: rclpy.task.Future[Any], timeout_sec: float | None = None
    ) -> None: ...
    def spin_once_until_future_complete(
        self, future: rclpy.task.Future[Any], timeout_sec: float | None = None
    ) -> None: ...
    def shutdown(self, timeout_sec: float | None = None) -> bool: ...


class ExecutorBase(_Executor):
    """The context and the nodes of an executor.

    What an executor of this kind shares with any other. The executors of released rclpy cannot be
    rebased on it: they bring a base of their own, which builds wait sets. Type checkers see that
    base here, as they do with rclpy's EventsExecutor, so that ``rclpy.spin(node, executor)`` holds.

    :param context: the context of the nodes; rclpy's default context if None.
    :raises TypeError: if it is no context.
    """

    def __init__(self, *, context: Context | None = None) -> None:
        if context is not None and not isinstance(context, Context):
            raise TypeError(
                f"{type(self).__name__}() takes a Context of rclpy, such as node.context, not "
                f"{shown(context)}"
            )
        self._context = get_default_context() if context is None else context
        # By their ids, in order: a class of the user's may say that they are equal. Each in a tuple
        # of its own, by which who has added it knows. No lock, which a finalizer could want that
        # comes on a thread which holds it: each step is one operation on a dict.
        self._added_nodes: dict[int, tuple[Node]] = {}

    @property
    def context(self) -> Context:
        """The context that the executor was made for."""
        return self._context

    def get_nodes(self) -> list[Node]:
        """Return the nodes of this executor, in the order in which they were added. Any thread."""
        return [node for (node,) in list(self._added_nodes.values())]

    def add_node(self, node: Node) -> bool:
        """Let this executor run the callbacks of ``node``, taken from the executor that did so far.

        Any thread. Messages that came before are delivered.

        :return: False if the node was here already.
        :raises TypeError: if it is no node.
        :raises InvalidHandle: if it was destroyed, and not by the shutdown of its context.
        """
        if not isinstance(node, Node):
            raise TypeError(f"add_node() takes a node, not {_instead_of_node(node)}")
        if is_destroyed(node) and node.context.ok():
            raise InvalidHandle(f"add_node(): {node!r} was destroyed")
        added = (node,)
        if self._added_nodes.setdefault(id(node), added) is not added:
            return False
        # It calls remove_node of the executor that has the node, and add_node again, which returns.
        try:
            node.executor = self
        except BaseException:  # of what a class of the user's does, or an executor that has it
            self._forget_node(node)
            raise
        self._look_at_new(node)
        return True

    def remove_node(self, node: Node) -> None:
        """Run no more callbacks of ``node``; nothing if it is not here. Any thread."""
        if self._forget_node(node):
            self.wake()

    def _look_at_new(self, node: Node) -> None:
        self.wake()

    def _has_node(self, node: Node) -> bool:
        return id(node) in self._added_nodes

    def _forget_node(self, node: Node) -> bool:
        return self._added_nodes.pop(id(node), None) is not None

    def _forget_nodes(self) -> None:
        self._added_nodes.clear()

    def wake(self) -> None:
        """Look at the nodes again: entities were created or destroyed."""
        raise NotImplementedError(f"{type(self).__name__} is an ExecutorBase without wake()")

    def create_future(self) -> Future[Any]:
        """Return a future whose done callbacks run on this executor. Any thread."""
        return Future(executor=self)

    def _call_task_in_next_spin(self, task: rclpy.task.Task[Any]) -> None:
        """Let a task of rclpy go on, also one of another executor. Any thread.

        Futures call it when they are done, and belong to this executor by then: to that of the task
        before.
        """
        if executor_of(task) is self:
            self.create_task(task)
        else:
            call_task_in_next_spin(task)


def _instead_of_node(value: object) -> str:
    write = f": write add_node({value.__qualname__}())" if isinstance(value, type) else ""
    return f"{shown(value)}{write}"
