# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Waiting until the other side is there: servers, nodes, subscribers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name

from aiorcl import _core
from aiorcl._loop.run import executors_here
from aiorcl._serving.followers import EntityGoneError, executor_of
from aiorcl._serving.graph import GraphChanges
from aiorcl._serving.node import watched

if TYPE_CHECKING:
    from rclpy.action.client import ActionClient
    from rclpy.client import Client
    from rclpy.node import Node
    from rclpy.publisher import Publisher

    from aiorcl._serving.node import NodeEntities
    from aiorcl.executor import AsyncioExecutor

# What is in the graph is matched a moment later, of which the middleware tells nobody: rmw_fastrtps
# triggers the guard condition of the graph before it matches. Then, and only then, it is looked at
# again after so many seconds, and after twice as many the next time.
_FIRST_LOOK_SEC = 0.001
_LAST_LOOK_SEC = 1.0


async def service_ready(client: Client[Any, Any]) -> None:
    """Return when a server of the service of ``client`` is there.

    As ``client.wait_for_service()``, but the loop goes on: changes of the graph wake the task, and
    nothing polls. ``asyncio.timeout`` limits the wait; a wait that is cancelled leaves nothing.

    :raises EntityGoneError: if the client or its node is destroyed or removed from its executor
        meanwhile, or the executor or the context is shut down.
    :raises RuntimeError: unless an `AsyncioExecutor` serves the client on the running loop.
    """
    entities = entities_of(client)
    await _ready(
        *(entities.executor, entities.node),
        client.service_is_ready,
        lambda: entities.node.count_services(client.service_name) > 0,
        client,
    )


async def action_ready(action_client: ActionClient[Any, Any, Any]) -> None:
    """Return when a server of the action is there, with all that it consists of.

    As ``action_client.wait_for_server()``; the rest is as in `service_ready`.
    """
    entities = entities_of(action_client)
    with action_client:
        name = _core.action_client_name(action_client._client_handle.pointer)
    await _ready(
        *(entities.executor, entities.node),
        action_client.server_is_ready,
        lambda: entities.node.count_services(f"{name}/_action/send_goal") > 0,
        action_client,
    )


async def node_ready(node: Node, name: str) -> None:
    """Return when a node of this name is there, as far as ``node`` sees.

    The rest is as in `service_ready`.

    :param name: ``"/robot/arm"``, or relative to the namespace of ``node``: ``"arm"``.
    :raises rclpy.exceptions.InvalidNodeNameException: and ``InvalidNamespaceException``, if there
        can be no such node.
    """
    executor = executor_of(node)
    if not name.startswith("/"):
        name = f"{node.get_namespace().rstrip('/')}/{name}"
    validate_node_name(name.rpartition("/")[2])
    validate_namespace(name)
    await _ready(
        *(executor, node),
        lambda: name in node.get_fully_qualified_node_names(),
        lambda: False,  # the graph is all there is to it
    )


async def subscribers_ready(publisher: Publisher[Any], count: int = 1) -> None:
    """Return when at least ``count`` subscriptions match ``publisher``: they get what it publishes.

    The rest is as in `service_ready`.
    """
    entities = entities_of(publisher)
    await _ready(
        *(entities.executor, entities.node),
        lambda: publisher.get_subscription_count() >= count,
        lambda: entities.node.count_subscribers(publisher.topic_name) >= count,
        publisher,
    )


async def _ready(
    executor: AsyncioExecutor,
    node: Node,
    is_ready: Callable[[], bool],
    is_near: Callable[[], bool],
    *followed: object,
) -> None:
    """Return when ``is_ready``, which may follow ``is_near`` without any change of the graph."""
    try:
        if is_ready():
            return
        with GraphChanges(executor, node, *followed) as changes:
            look = _FIRST_LOOK_SEC
            while not is_ready():
                if await changes.next(look if is_near() else None):
                    look = _FIRST_LOOK_SEC
                else:
                    look = min(2 * look, _LAST_LOOK_SEC)
    except InvalidHandle:  # destroyed on another thread, whose word is on its way
        raise EntityGoneError(f"{_described(*followed, node)} was destroyed") from None


def entities_of(entity: Any) -> NodeEntities:
    """Return the watched entities of the node of ``entity``, of an executor on the running loop.

    While the executor ends clients are still served, so they are found here.

    :raises RuntimeError: if there is none.
    """
    loop = asyncio.get_running_loop()
    executors = [each for each in executors_here() if each._loop is loop]
    found = watched(entity)
    if found is None:  # an action client is watched only when it is whole
        for executor in executors:
            executor._watched.look()
        found = watched(entity)
    if found is None or found[1].executor not in executors:
        raise RuntimeError(
            f"No AsyncioExecutor serves {_described(entity)} on this event loop, or it was "
            "destroyed: call executor.add_node(node), and wait inside 'async with executor:' or in "
            "a task or a coroutine callback of the executor"
        )
    if found[1].executor._context_end.came:
        raise EntityGoneError("The context is shut down")
    return found[1]


def _described(*entities: Any) -> str:
    """Name an entity, also one that was destroyed."""
    entity = entities[0]
    for attribute in ("srv_name", "_action_name"):
        if hasattr(entity, attribute):
            return f"{type(entity).__name__} '{getattr(entity, attribute)}'"
    try:
        return f"{type(entity).__name__} '{entity.topic_name}'"
    except (AttributeError, InvalidHandle):
        return f"the {type(entity).__name__}"
