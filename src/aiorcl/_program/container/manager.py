# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The node of a component container, which offers its services."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, cast

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile

from aiorcl._program.container.components import Components
from aiorcl._program.container.executor import ComponentExecutor
from aiorcl._program.container.interfaces import Interfaces
from aiorcl._program.container.load_error import LoadError

if TYPE_CHECKING:
    import asyncio

# Constructors take their time, and what asks meanwhile, such as each action of a launch file, has a
# client of its own: the default depth of 10 would lose requests.
_QOS = QoSProfile(depth=1000)


class ComponentManager(Node):
    """Loads and unloads nodes as it is asked, on the executor that it makes."""

    def __init__(self, interfaces: Interfaces) -> None:
        super().__init__("ComponentManager", start_parameter_services=False)
        self._components = Components(self.get_logger())
        # Each ends what its node has under way, which takes its time.
        unloads = ReentrantCallbackGroup()
        for name, srv_type, callback, group in (
            ("load_node", interfaces.load_node, self._load, None),
            ("unload_node", interfaces.unload_node, self._unload, unloads),
            ("list_nodes", interfaces.list_nodes, self._list, None),
        ):
            self.create_service(
                *(srv_type, f"~/_container/{name}", callback),
                qos_profile=_QOS,
                callback_group=group,
            )

    def make_executor(self, loop: asyncio.AbstractEventLoop) -> ComponentExecutor:
        """Make the executor for the container and what it loads."""

        def on_error(node: Node | None, error: BaseException, origin: str) -> None:
            self._components.failed(node, error, origin, executor)

        executor = ComponentExecutor(on_error, loop)
        return executor

    def destroy_node(self) -> None:
        """Destroy what is loaded, and then the container."""
        self._components.destroy_all()
        super().destroy_node()

    def _load(self, request: Any, response: Any) -> Any:
        try:
            component = self._components.load(request, self._executor())
        except LoadError as error:
            cause = error.__cause__
            shown = [] if cause is None else ["\n", *traceback.format_exception(cause)]
            self.get_logger().error("".join([str(error), *shown]))
            response.error_message = str(error)
        else:
            response.success = True
            response.full_node_name = component.name
            response.unique_id = component.unique_id
        return response

    async def _unload(self, request: Any, response: Any) -> Any:
        try:
            await self._components.unload(request.unique_id, self._executor())
        except LookupError as error:
            self.get_logger().warning(str(error))
            response.error_message = str(error)
        else:
            response.success = True
        return response

    def _list(self, request: Any, response: Any) -> Any:
        for component in self._components.loaded():
            response.unique_ids.append(component.unique_id)
            response.full_node_names.append(component.name)
        return response

    def _executor(self) -> ComponentExecutor:
        return cast("ComponentExecutor", self.executor)
