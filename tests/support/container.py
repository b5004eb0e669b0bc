# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A component container in a process of its own, and a client of its services beside it.

from __future__ import annotations

import contextlib
import importlib
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor
from tests.support import network
from tests.support.processes import DEADLINE_SEC, Running, started

#: The current directory of each container.
WORKSPACE = Path(__file__).resolve().parents[1] / "program" / "workspace"

_services: Any = importlib.import_module("composition_interfaces.srv")


def parameters(**values: Any) -> list[Any]:
    """Make parameters, or extra arguments, of a request."""
    return [Parameter(name, value=value).to_parameter_msg() for name, value in values.items()]


class Container:
    """What a client sees of a container, and what the kernel tells of its process."""

    def __init__(self, running: Running, name: str, context: Context) -> None:
        self.running = running
        self._executor = AsyncioExecutor(context=context)
        self.node = Node("client", context=context, start_parameter_services=False)
        self._executor.add_node(self.node)
        self._clients = {
            service: self.node.create_client(srv_type, f"{name}/_container/{service}")
            for service, srv_type in (
                ("load_node", _services.LoadNode),
                ("unload_node", _services.UnloadNode),
                ("list_nodes", _services.ListNodes),
            )
        }
        for client in self._clients.values():
            assert client.wait_for_service(DEADLINE_SEC)

    def send_load(self, plugin: str, *, package: str = "", **fields: Any) -> Any:
        """Ask for a node; the future of the answer."""
        return self.send_load_by(self._clients["load_node"], plugin, package=package, **fields)

    def another_loader(self) -> Any:
        """Make one more client that asks for nodes, as each action of a launch file has its own."""
        client = self.node.create_client(_services.LoadNode, self._clients["load_node"].srv_name)
        assert client.wait_for_service(DEADLINE_SEC)
        return client

    def send_load_by(self, client: Any, plugin: str, *, package: str = "", **fields: Any) -> Any:
        """Ask for a node by such a client."""
        request = _services.LoadNode.Request(package_name=package, plugin_name=plugin, **fields)
        return client.call_async(request)

    def send_unload(self, unique_id: int) -> Any:
        """Ask for the end of a node; the future of the answer."""
        request = _services.UnloadNode.Request(unique_id=unique_id)
        return self._clients["unload_node"].call_async(request)

    def result(self, future: Any) -> Any:
        """Wait for an answer."""
        self._executor.spin_until_future_complete(future, DEADLINE_SEC)
        assert future.done()
        return future.result()

    def load(self, plugin: str, **fields: Any) -> Any:
        """Have a node loaded; the answer."""
        return self.result(self.send_load(plugin, **fields))

    def unload(self, unique_id: int) -> Any:
        """Have a node unloaded; the answer."""
        return self.result(self.send_unload(unique_id))

    def listed(self) -> dict[int, str]:
        """Return the names of the nodes, by their ids."""
        answer = self.result(self._clients["list_nodes"].call_async(_services.ListNodes.Request()))
        return dict(zip(answer.unique_ids, answer.full_node_names, strict=True))

    def wait_until_unloaded(self, unique_id: int) -> None:
        """Return when a node is listed no more."""
        while unique_id in self.listed():
            pass

    def ask(self, node: str) -> str:
        """Call the service ``ask`` of a node; its answer."""
        client = self.node.create_client(Trigger, f"{node}/ask")
        try:
            assert client.wait_for_service(DEADLINE_SEC)
            answer = self.result(client.call_async(Trigger.Request()))
            return str(answer.message)
        finally:
            self.node.destroy_client(client)

    def send_ask(self, node: str) -> None:
        """Call the service ``ask`` of a node that will not answer."""
        client = self.node.create_client(Trigger, f"{node}/ask")
        assert client.wait_for_service(DEADLINE_SEC)
        client.call_async(Trigger.Request())

    def nodes_in_graph(self) -> list[str]:
        """Return the full names of the nodes in the graph, but for that of the client."""
        found = self.node.get_node_names_and_namespaces()
        names = [f"{namespace.rstrip('/')}/{name}" for name, namespace in found]
        return sorted(name for name in names if name != "/client")

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Return when this holds, which is asked again at each change of the graph."""
        future = self._executor.create_future()

        def look() -> None:
            if not future.done() and holds():
                future.set_result(None)

        timer = self.node.create_timer(0.01, look)
        try:
            self.result(future)
        finally:
            self.node.destroy_timer(timer)

    def holdings(self) -> tuple[int, int]:
        """Count the descriptors and threads of the process."""
        place = Path("/proc", str(self.running.process.pid))
        return len(list((place / "fd").iterdir())), len(list((place / "task").iterdir()))

    def interrupt(self) -> str:
        """End it by Ctrl-C, which must end it well; what it had written to stderr."""
        self.running.process.send_signal(signal.SIGINT)
        status, stderr = self.running.end()
        assert status == 0
        return stderr

    def close(self) -> None:
        """End the client."""
        self._executor.shutdown()
        self.node.destroy_node()


@contextlib.contextmanager
def container(*arguments: str, name: str = "/ComponentManager") -> Iterator[Container]:
    """Start a container; it is killed if it has not ended when the block does."""
    domain_id = network.domain_id()
    command = [sys.executable, "-m", "aiorcl", "container", *arguments]
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id)
    try:
        with started(command, domain_id=domain_id, cwd=WORKSPACE) as process:
            made = Container(Running(process), name, context)
            try:
                yield made
            finally:
                made.close()
    finally:
        context.try_shutdown()


def errors_in(stderr: str) -> list[str]:
    """Return the messages that were logged as errors, their first lines."""
    return re.findall(r"^\[ERROR\] \[[\d.]+\] \[[\w.]+\]: (.*)$", stderr, re.MULTILINE)
