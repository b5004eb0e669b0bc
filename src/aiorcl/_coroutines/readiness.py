# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Waiting until the other side is there: servers, nodes, subscribers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient
from rclpy.client import Client
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.validate_namespace import validate_namespace
from rclpy.validate_node_name import validate_node_name

from aiorcl import _core
from aiorcl._coroutines.arguments import check
from aiorcl._rclpy.notes import add_note
from aiorcl._rclpy.private_actions import client_handle_of
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.graph import GraphChanges
from aiorcl._serving.naming import described
from aiorcl._serving.registry import served_node_here, served_node_of

if TYPE_CHECKING:
    from aiorcl._serving.node import ServedNode

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
    check(client, Client, "aiorcl.service_ready()", "a client, made by node.create_client()")
    served_node = served_node_of(client)
    await _ready(
        served_node,
        client.service_is_ready,
        lambda: served_node.node.count_services(client.service_name) > 0,
        client,
    )


async def action_ready(action_client: ActionClient[Any, Any, Any]) -> None:
    """Return when a server of the action is there, with all that it consists of.

    As ``action_client.wait_for_server()``; the rest is as in `service_ready`.
    """
    check(action_client, ActionClient, "aiorcl.action_ready()", "an ActionClient")
    served_node = served_node_of(action_client)
    try:
        with action_client:
            name = _core.action_client_name(client_handle_of(action_client).pointer)
    except InvalidHandle:  # destroyed on another thread, whose word is on its way
        raise EntityGoneError(f"{described(action_client)} was destroyed") from None
    await _ready(
        served_node,
        action_client.server_is_ready,
        lambda: served_node.node.count_services(f"{name}/_action/send_goal") > 0,
        action_client,
    )


async def node_ready(node: Node, name: str) -> None:
    """Return when a node of this name is there, as far as ``node`` sees.

    The rest is as in `service_ready`.

    :param name: ``"/robot/arm"``, or relative to the namespace of ``node``: ``"arm"``.
    :raises rclpy.exceptions.InvalidNodeNameException: and ``InvalidNamespaceException``, if there
        can be no such node.
    """
    check(node, Node, "aiorcl.node_ready()", "the node that looks")
    check(name, str, "aiorcl.node_ready()", "the name of a node as a string")
    served_node = served_node_here(node)
    if not name.startswith("/"):
        name = f"{node.get_namespace().rstrip('/')}/{name}"
    validate_node_name(name.rpartition("/")[2])
    validate_namespace(name)
    await _ready(
        served_node,
        lambda: name in node.get_fully_qualified_node_names(),
        lambda: False,  # the graph is all there is to it
    )


async def subscribers_ready(publisher: Publisher[Any], count: int = 1) -> None:
    """Return when at least ``count`` subscriptions match ``publisher``, as this side sees it.

    Another process may take a moment longer to know of ``publisher``, and drops what arrives there
    before. Where both sides are reliable that is sent again, and ``publisher.wait_for_all_acked()``
    tells when it has arrived; a best-effort message is lost, so there have the other side answer
    first. The rest is as in `service_ready`.
    """
    expected = "a publisher, made by node.create_publisher()"
    check(publisher, Publisher, "aiorcl.subscribers_ready()", expected)
    check(count, int, "aiorcl.subscribers_ready()", "the number of subscriptions")
    if count < 0:
        raise ValueError(f"A number of 0 or more subscriptions is expected, not {count}")
    served_node = served_node_of(publisher)
    await _ready(
        served_node,
        lambda: publisher.get_subscription_count() >= count,
        lambda: served_node.node.count_subscribers(publisher.topic_name) >= count,
        publisher,
    )


async def _ready(
    served_node: ServedNode,
    is_ready: Callable[[], bool],
    is_near: Callable[[], bool],
    entity: object | None = None,
) -> None:
    """Return when ``is_ready``, which may follow ``is_near`` without any change of the graph."""
    try:
        if is_ready():
            return
        with GraphChanges(served_node, entity) as changes:
            look = _FIRST_LOOK_SEC
            while not is_ready():
                if await changes.next(look if is_near() else None):
                    look = _FIRST_LOOK_SEC
                else:
                    look = min(2 * look, _LAST_LOOK_SEC)
    except InvalidHandle:  # destroyed on another thread, whose word is on its way
        gone = served_node.node if entity is None else entity
        raise EntityGoneError(f"{described(gone)} was destroyed") from None
    except asyncio.CancelledError as cancellation:
        # The cause of a TimeoutError, whose traceback shows it.
        with contextlib.suppress(Exception):  # of what is gone, or goes down
            there = "is there, but not matched yet" if is_near() else "is not there"
            waited = "" if entity is None else f"{described(entity)}: "
            add_note(cancellation, f"{waited}what was waited for {there}")
        raise
