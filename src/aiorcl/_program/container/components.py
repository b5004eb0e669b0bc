# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The nodes that are loaded into a container."""

from __future__ import annotations

import asyncio
import gc
import traceback
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from rclpy.impl.logging_severity import LoggingSeverity
from rclpy.logging import set_logger_level

from aiorcl._loop.do_all import do_all
from aiorcl._program.container.construction import Construction
from aiorcl._program.container.load_error import LoadError, in_words
from aiorcl._program.container.node_options import options_of
from aiorcl._program.container.plugins import find_plugin
from aiorcl._program.entry_points import checked_node
from aiorcl._program.node_ends import destroy
from aiorcl._serving.destroyed import is_destroyed

if TYPE_CHECKING:
    from rclpy.impl.rcutils_logger import RcutilsLogger
    from rclpy.node import Node

    from aiorcl._program.container.executor import ComponentExecutor

# How long the coroutines of a node that is unloaded may take for their end.
_PATIENCE_SEC = 5.0


@dataclass(frozen=True, eq=False, slots=True)
class Component:
    """A node that was loaded.

    :ivar name: its full name.
    :ivar construction: what is known of how it was made.
    """

    unique_id: int
    name: str
    node: Node
    construction: Construction


class Components:
    """Loads nodes and unloads them. On the loop's thread.

    :param logger: that of the container.
    """

    def __init__(self, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._loaded: dict[int, Component] = {}
        # Unloaded, and not destroyed yet: what they have under way ends before.
        self._leaving: dict[int, Component] = {}
        self._last_id = 0

    def load(self, request: Any, executor: ComponentExecutor) -> Component:
        """Make a node as a request says, and run it.

        :raises LoadError: if that fails; nothing of the node is left then.
        """
        node_class: Any = find_plugin(request.package_name, request.plugin_name)
        options = options_of(request, self._logger.info)
        self._last_id += 1
        construction = Construction(node_class, options)
        try:
            with construction:
                node = checked_node(node_class(), f"'{request.plugin_name}'")
            name = node.get_fully_qualified_name()
            executor.add_node(node)
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            if construction.node is not None:
                self._destroy(construction.node, construction)
            executor.create_task(_collect, construction.made)
            raise LoadError(
                f"Component constructor threw an exception: {in_words(error)}"
            ) from error
        component = Component(self._last_id, name, node, construction)
        self._loaded[component.unique_id] = component
        return component

    async def unload(self, unique_id: int, executor: ComponentExecutor) -> None:
        """End what a node has under way, and destroy it.

        :raises LookupError: if no such node is loaded.
        """
        component = self._loaded.pop(unique_id, None)
        if component is None:
            raise LookupError(f"No node found with unique_id: {unique_id}")
        self._leaving[unique_id] = component
        await self._end(component, executor)

    def loaded(self) -> list[Component]:
        """Return what is loaded, by the ids, without nodes that have destroyed themselves."""
        for component in list(self._loaded.values()):
            if is_destroyed(component.node):
                self._leave(self._loaded.pop(component.unique_id))
        return list(self._loaded.values())

    def failed(
        self, node: Node | None, error: BaseException, origin: str, executor: ComponentExecutor
    ) -> None:
        """Log an exception that has left a callback, and unload the node whose it was."""
        found = [each for each in self._loaded.values() if each.node is node]
        what = f"Exception in {origin}{', which is unloaded' if found else ''}"
        self._logger.error("".join([what, "\n", *traceback.format_exception(error)]))
        for component in found:
            self._leaving[component.unique_id] = self._loaded.pop(component.unique_id)
            executor.remove_node(component.node)  # now: none of its callbacks begins any more
            executor.create_task(self._end, component, executor)

    def destroy_all(self) -> None:
        """Destroy all nodes, the last one first, when the executor has ended."""
        components = {**self._loaded, **self._leaving}
        self._loaded.clear()
        last_first = sorted(components, reverse=True)
        do_all(*(partial(self._leave, components[unique_id]) for unique_id in last_first))

    async def _end(self, component: Component, executor: ComponentExecutor) -> None:
        try:
            if not await executor.end_node(component.node, _PATIENCE_SEC):
                self._logger.warning(
                    f"Coroutines of node '{component.name}' have not ended {_PATIENCE_SEC:.0f} s "
                    "after their cancellation; it is destroyed all the same"
                )
        finally:
            self._leave(component)
        executor.create_task(_collect, component.construction.made)

    def _leave(self, component: Component) -> None:
        self._leaving.pop(component.unique_id, None)
        self._destroy(component.node, component.construction)

    def _destroy(self, node: Node, construction: Construction) -> None:
        if construction.logger_name is not None:
            set_logger_level(construction.logger_name, LoggingSeverity.UNSET)
        try:
            destroy(node)
        except Exception as error:
            self._logger.error(
                "".join(["Exception in destroy_node()\n", *traceback.format_exception(error)])
            )


def _collect(made: Iterable[weakref.ref[Node]]) -> None:
    """Collect what was only a node's that is gone: the other nodes that its constructor has made.

    Nodes are in cycles of references, and in the graph for as long as they exist. One that
    something else refers to is that one's to destroy.
    """
    if any(map(_is_left, made)):
        gc.collect()


def _is_left(made: weakref.ref[Node]) -> bool:
    node = made()
    try:
        return node is not None and not is_destroyed(node)
    except AttributeError:  # it has no handle: rclpy's constructor has raised
        return True
