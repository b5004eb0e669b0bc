# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Which executor serves an entity or a node: methods of rclpy's objects find ours here.

An entity that another executor watches is handed over: see `hold`.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.shutdown_state import shutdown_state_of
from aiorcl._rclpy.private import LISTS_OF_NODES
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.followers import EntityGoneError
from aiorcl._serving.naming import described, name_of

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl import _core
    from aiorcl._serving.kinds import Core
    from aiorcl._serving.node import ServedNode
    from aiorcl._serving.serving import Serving


class Served(NamedTuple):
    """What watches an entity of rclpy, and the node that it is among the entities of."""

    core: Core
    served_node: ServedNode


class Hold:
    """The right of one executor to watch one entity: rcl has a single event callback for each.

    Any thread. No lock: each step is one operation on a dict, which is atomic, and the order of the
    steps makes up for what comes between them. So nothing can wait in here, not even a finalizer.
    """

    __slots__ = ("_key", "core", "holder", "released", "waiting")

    def __init__(self, entity: object, holder: ServedNode) -> None:
        self._key = id(entity)  # of no other entity until release(): what watches it holds it
        self.holder = weakref.ref(holder, partial(_holder_goes, self._key))
        self.core: weakref.ref[Core] | None = None
        self.released = False
        self.waiting: dict[weakref.ref[ServedNode], None] = {}

    def release(self) -> None:
        """The entity is watched no more: whoever waits for it looks at it again. Idempotent.

        Under the lock of the holder's nodes.
        """
        # Nobody else takes it from there, so nobody comes between these two lines.
        if _holds.get(self._key) is self:
            del _holds[self._key]
        # In this order: who notes itself as waiting looks at the flag after that, so it is either
        # found here or tries again.
        self.released = True
        for reference in list(self.waiting):
            served_node = reference()
            if served_node is not None:
                served_node.released(self._key)


def _holder_goes(key: int, reference: weakref.ref[ServedNode]) -> None:
    found = _holds.get(key)
    # An interrupt has come before it was used: nobody else releases it.
    if found is not None and found.holder is reference and found.core is None:
        found.release()


_holds: dict[int, Hold] = {}  # by the id of the entity
_served_nodes: ByIdentity[Node, weakref.ref[ServedNode]] = ByIdentity()
_nodes: weakref.WeakKeyDictionary[_core.Entity, weakref.ref[Node]]  # also after they let go
_nodes = weakref.WeakKeyDictionary()
# What has watched an entity, and which executor let it go, while something holds it: a callback for
# which something was taken, and which has not begun.
_left: ByIdentity[_core.Entity, weakref.ref[Serving]] = ByIdentity()
_servings: dict[weakref.ref[Serving], None] = {}  # of each executor

# In a forked child there is no thread that could let go, and nothing of the middleware that calls.
os.register_at_fork(after_in_child=_holds.clear)


def hold(entity: object, served_node: ServedNode) -> Hold | None:
    """Let one executor watch an entity from now on, if no other does.

    Else the other one is asked to let go, which it does here or on its own thread, and then
    ``served_node`` is told that it was released.
    """
    new = Hold(entity, served_node)
    while True:
        found = _holds.setdefault(id(entity), new)
        if found is new:
            return new
        if found.core is None and found.holder() is served_node:
            return found  # an interrupt has come before it was used
        found.waiting[weakref.ref(served_node)] = None
        holder = found.holder()
        # None while the collector ends its executor: weak references go before finalizers come,
        # of which the executor's lets go.
        if holder is not None and not found.released:
            holder.serving.wanted_elsewhere(holder)
        if not found.released:
            return None


def note(served_node: ServedNode) -> None:
    """From now on a node is served."""
    _served_nodes[served_node.node] = weakref.ref(served_node)


def note_node(part: _core.Entity, node: Node) -> None:
    """From now on this watches an entity of a node, or a part of one."""
    _nodes[part] = weakref.ref(node)


def node_of_part(part: _core.Entity) -> Node | None:
    """Return the node of which this watches, or has watched, an entity."""
    reference = _nodes.get(part)
    return None if reference is None else reference()


def note_left(part: _core.Entity, serving: Serving) -> None:
    """From now on this watches nothing any more; what it has taken may begin yet."""
    _left[part] = weakref.ref(serving)


def mute_left(destroyed: object) -> None:
    """Let nothing begin that was taken of an entity, or of those of a node, before it was let go.

    It was destroyed. Any thread.
    """
    for part in _left.objects():
        if part.rclpy_entity is destroyed or node_of_part(part) is destroyed:
            part.mute()
            reference = _left.get(part)
            serving = None if reference is None else reference()
            if serving is not None:
                serving.run.let_begin(part)


def mute_node(node: Node) -> None:
    """Let nothing of a node begin any more, also of what rclpy does not destroy with it.

    It was destroyed. Any thread.
    """
    reference = _served_nodes.get(node)
    served_node = None if reference is None else reference()
    if served_node is not None:
        parts = served_node.cores()
        for part in parts:
            part.mute()
        served_node.serving.run.let_begin(*parts)
    mute_left(node)


def note_serving(serving: Serving) -> None:
    """From now on an executor may serve nodes."""
    _servings[weakref.ref(serving, lambda reference: _servings.pop(reference, None))] = None


def served(entity: object) -> Served | None:
    """Return what watches an entity of rclpy, or None. Any thread."""
    found = _holds.get(id(entity))
    if found is None or found.core is None:
        return None
    core, holder = found.core(), found.holder()
    return None if core is None or holder is None or core.closed else Served(core, holder)


def watched_now() -> list[Core]:
    """Return what watches an entity now, of all executors. Any thread."""
    references = [hold.core for hold in list(_holds.values())]
    cores = [None if reference is None else reference() for reference in references]
    return [core for core in cores if core is not None and not core.closed]


def name_leaving(entity: object) -> None:
    """Tell whoever serves an entity that its node is about to lose it. Any thread."""
    found = served(entity)
    if found is not None:
        found.served_node.leaves(entity)


def served_node_named_by(node: Node) -> ServedNode | None:
    """Return what serves a node for the executor that the node says is its own. Any thread."""
    reference = _served_nodes.get(node)
    found = None if reference is None else reference()
    return found if found is not None and found.serving.watcher.is_executor_of(node) else None


def serving_and_node_of(entity: Any) -> tuple[Serving, Node] | None:
    """Return the executor that serves an entity, or will when its thread has looked, and its node.

    It has not while an entity is new, or not whole yet: then the nodes are searched, which happens
    at a call that blocks, or before an error message. Any thread.
    """
    found = served(entity)
    if found is not None:
        return found.served_node.serving, found.served_node.node
    for serving in _all_servings():
        node = _node_with(entity, serving)
        if node is not None:
            return serving, node
    return None


def serving_here(entity: Any) -> Serving | None:
    """Return the executor that serves an entity, or will, if this thread runs it."""
    found = served(entity)
    if found is not None:
        serving = found.served_node.serving
        return serving if serving.run.runs_here() else None
    here = (serving for serving in _all_servings() if serving.run.runs_here())
    return next((serving for serving in here if _node_with(entity, serving)), None)


def served_here(entity: Any) -> Served | None:
    """As ``served``, if an executor of this thread does it, which looks once more if it has to."""
    serving = serving_here(entity)
    if serving is None:
        return None
    found = served(entity)
    if found is None and (node := _node_with(entity, serving)) is not None:
        serving.look(node)
        found = served(entity)
    return found if found is not None and found.served_node.serving is serving else None


def served_node_here(node: Node) -> ServedNode:
    """Return what serves a node on the running loop.

    :raises EntityGoneError: if its executor was shut down, or the context.
    :raises RuntimeError: if there is none, or no loop runs.
    """
    loop = asyncio.get_running_loop()
    found = _running_here(node)
    if found is not None and found.is_served() and found.serving.run.is_on(loop):
        found.serving.check_goes_on()
        return found
    _check_ended(node)
    if is_destroyed(node):
        raise RuntimeError("The node was destroyed")
    raise RuntimeError(
        f"No AsyncioExecutor serves the node '{name_of(node)}' on this event loop: call "
        "executor.add_node(node), and wait inside 'async with executor:' or in a task or a "
        "coroutine callback of the executor"
    )


def served_node_of(entity: Any) -> ServedNode:
    """Return the served node of an entity, of an executor on the running loop.

    While the executor ends clients are still served, so they are found here.

    :raises EntityGoneError: if the executor has ended, or the context is shut down.
    :raises RuntimeError: if there is none.
    """
    loop = asyncio.get_running_loop()
    found = served_here(entity)
    served_node = _waiting_here(entity) if found is None else found.served_node
    if served_node is None or not served_node.serving.run.is_on(loop):
        _check_ended(_node_that_has(entity))
        name = described(entity)
        if is_destroyed(entity):
            raise RuntimeError(f"{name[0].upper()}{name[1:]} was destroyed")
        raise RuntimeError(
            f"No AsyncioExecutor serves {name} on this event loop: call executor.add_node(node), "
            "and wait inside 'async with executor:' or in a task or a coroutine callback of the "
            "executor"
        )
    served_node.serving.check_answers()
    return served_node


def _all_servings() -> list[Serving]:
    found = [reference() for reference in list(_servings)]
    return [serving for serving in found if serving is not None]


def _has(node: Node, entity: object) -> bool:
    """Search: few of rclpy's entities know their nodes."""
    return any(each is entity for kind in LISTS_OF_NODES for each in getattr(node, kind))


def _node_with(entity: object, serving: Serving) -> Node | None:
    return next((node for node in serving.nodes() if _has(node, entity)), None)


def _node_that_has(entity: object) -> Node | None:
    return next((node for node in _served_nodes.objects() if _has(node, entity)), None)


def _check_ended(node: Node | None) -> None:
    """Raise EntityGoneError if the executor of a node was shut down, or its context.

    :param node: None if that is not known. rclpy destroys all that a context has before it goes
        down: then it is one of that of the executors here.
    """
    executor = None if node is None else node.executor
    state = None if executor is None else shutdown_state_of(executor)
    if state is None:
        here = [serving for serving in _all_servings() if serving.run.runs_here()]
        if here and all(serving.context_ends() for serving in here):
            here[0].check_goes_on()
        return
    reason = state.why()
    if reason is not None:
        raise EntityGoneError(reason)


def nodes_served_so_far() -> list[Node]:
    """Return the nodes that are served or were, of those that are still there. Any thread."""
    return _served_nodes.objects()


def left_parts_of(entity: object) -> list[_core.Entity]:
    """Return what has watched an entity, and was let go with callbacks under way. Any thread."""
    return [part for part in _left.objects() if part.rclpy_entity is entity]


def served_nodes_here() -> list[ServedNode]:
    """Return the nodes of the executors that this thread runs."""
    found = [reference() for reference in _served_nodes.values()]
    return [each for each in found if each is not None and each.serving.run.runs_here()]


def _running_here(node: Node | None) -> ServedNode | None:
    reference = None if node is None else _served_nodes.get(node)
    found = None if reference is None else reference()
    return found if found is not None and found.serving.run.runs_here() else None


def _waiting_here(entity: object) -> ServedNode | None:
    """Return who gets the entity next, of an executor that this thread runs."""
    found = _holds.get(id(entity))
    for reference in [] if found is None else list(found.waiting):
        served_node = reference()
        if (
            served_node is not None
            and served_node.is_served()
            and served_node.serving.run.runs_here()
        ):
            return served_node
    return None
