# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The requests of this process that wait for their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rclpy.action.client import ActionClient
from rclpy.client import Client

from aiorcl._rclpy.private import pending_requests_of
from aiorcl._rclpy.private_actions import pending_of
from aiorcl._serving.registry import nodes_served_so_far

if TYPE_CHECKING:
    from collections.abc import Iterator

    import rclpy.task
    from rclpy.node import Node


def requests_of(client: Any) -> Iterator[tuple[str | None, rclpy.task.Future[Any]]]:
    """Yield those of a client: the future of each, after what rclpy calls those of this kind.

    That is None but for an action client. Of anything else, nothing.
    """
    if isinstance(client, Client):
        for future in list(pending_requests_of(client).values()):
            yield None, future
    elif isinstance(client, ActionClient):
        for key, pending in list(pending_of(client).items()):
            for future in list(pending.values()):
                yield key, future


def clients_so_far() -> Iterator[tuple[Node, Any]]:
    """Yield the clients and the waitables of all nodes that an executor of ours has served."""
    for node in nodes_served_so_far():
        for client in (*list(node.clients), *list(node.waitables)):
            yield node, client
