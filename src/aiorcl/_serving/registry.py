# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Which executor serves an entity or a node: where methods of rclpy's objects find ours."""

from __future__ import annotations

import asyncio
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from aiorcl._loop.ends import ends_of
from aiorcl._rclpy.private import node_of
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.naming import described, name_of

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._serving.kinds import Watched
    from aiorcl._serving.node import ServedNode


class Served(NamedTuple):
    """What watches an entity of rclpy, and the node that it is among the entities of."""

    core: Watched
    node: ServedNode


_entities: weakref.WeakKeyDictionary[Any, tuple[weakref.ref[Watched], weakref.ref[ServedNode]]]
_entities = weakref.WeakKeyDictionary()
_nodes: weakref.WeakKeyDictionary[Node, weakref.ref[ServedNode]] = weakref.WeakKeyDictionary()


def note_entity(entity: Any, core: Watched, node: ServedNode) -> None:
    """From now on an entity is watched."""
    _entities[entity] = (weakref.ref(core), weakref.ref(node))


def note_node(node: ServedNode) -> None:
    """From now on a node is served."""
    _nodes[node.node] = weakref.ref(node)


def served(entity: Any) -> Served | None:
    """Return what watches an entity of rclpy, or None. Any thread."""
    found = _entities.get(entity)
    if found is None:
        return None
    core, node = found[0](), found[1]()
    return None if core is None or node is None or core.closed else Served(core, node)


def served_here(entity: Any) -> Served | None:
    """As ``served``, if an executor of this thread does it."""
    found = served(entity)
    if found is None:  # an action client is watched only when it is whole
        node = _node_here(node_of(entity))
        if node is None:
            return None
        node.serving.look()
        found = served(entity)
    return found if found is not None and found.node.serving.run.runs_here() else None


def serving(node: Node) -> ServedNode:
    """Return what serves a node on the running loop.

    :raises EntityGoneError: if its executor was shut down, or the context.
    :raises RuntimeError: if there is none, or no loop runs.
    """
    loop = asyncio.get_running_loop()
    found = _node_here(node)
    if found is not None and found.is_served() and found.serving.run.is_on(loop):
        found.serving.check_goes_on()
        return found
    _check_ended(node)
    raise RuntimeError(
        f"No AsyncioExecutor serves the node '{name_of(node)}' on this event loop: call "
        "executor.add_node(node), and wait inside 'async with executor:' or in a task or a "
        "coroutine callback of the executor"
    )


def serving_entity(entity: Any) -> ServedNode:
    """Return the served node of an entity, of an executor on the running loop.

    While the executor ends clients are still served, so they are found here.

    :raises EntityGoneError: if the context is shut down.
    :raises RuntimeError: if there is none.
    """
    loop = asyncio.get_running_loop()
    found = served_here(entity)
    if found is None or not found.node.serving.run.is_on(loop):
        _check_ended(_node_that_has(entity))
        raise RuntimeError(
            f"No AsyncioExecutor serves {described(entity)} on this event loop, or it was "
            "destroyed: call executor.add_node(node), and wait inside 'async with executor:' or in "
            "a task or a coroutine callback of the executor"
        )
    if found.node.serving.ends.context_down:
        raise EntityGoneError("The context is shut down")
    return found.node


def _node_that_has(entity: Any) -> Node | None:
    """Search, for an error message: rclpy's entities do not know their nodes."""
    for node in list(_nodes):
        entities = (node.publishers, node.subscriptions, node.clients, node.services)
        if any(each is entity for kind in (*entities, node.waitables) for each in kind):
            return node
    return None


def _check_ended(node: Node | None) -> None:
    """Raise EntityGoneError if an error has ended the executor of a node."""
    executor = None if node is None else node.executor
    ends = None if executor is None else ends_of(executor)
    if ends is not None and ends.error is not None:
        raise EntityGoneError(ends.why() or "")


def nodes_here() -> list[ServedNode]:
    """Return the nodes of the executors that this thread runs."""
    found = [reference() for reference in list(_nodes.values())]
    return [node for node in found if node is not None and node.serving.run.runs_here()]


def _node_here(node: Node | None) -> ServedNode | None:
    reference = None if node is None else _nodes.get(node)
    found = None if reference is None else reference()
    return found if found is not None and found.serving.run.runs_here() else None
