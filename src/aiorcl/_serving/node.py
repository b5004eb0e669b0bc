# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A node of an executor: what entities it has is watched, what it has no more is let go."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

from rclpy.exceptions import InvalidHandle

from aiorcl import _core
from aiorcl._serving import registry
from aiorcl._serving.actions import Action
from aiorcl._serving.kinds import KINDS
from aiorcl._serving.naming import name_of

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._serving.kinds import Kind, Watched
    from aiorcl._serving.serving import Serving

# How long an entity that its node has may be incomplete.
_CONSTRUCTION_SEC = 1.0

# Events that an executor counted and did not settle: rmw counts each message once, so the next one
# to watch the entity would not hear of them.
_unsettled: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


class ServedNode:
    """The watched entities of one node.

    On the thread that runs the executor, or on any thread while none does, under the lock of the
    nodes.
    """

    def __init__(self, node: Node, serving: Serving) -> None:
        self.node = node
        self.name = name_of(node)
        self.serving = serving
        # By the id of the rclpy entity, which ours holds.
        self._entities: dict[int, Watched] = {}
        self._incomplete: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()
        registry.note_node(self)

    def is_served(self) -> bool:
        """True while the node is on the executor."""
        return self.serving.has(self.node)

    def synchronise(self) -> None:
        """Watch what the node has and is not watched yet; let go of what it has no more."""
        gone = dict(self._entities)
        for kind in KINDS:
            for entity in list(kind.of_node(self.node)):
                if gone.pop(id(entity), None) is None and id(entity) not in self._entities:
                    self._watch(kind, entity)
        for key, core in gone.items():
            self._entities.pop(key, None)
            self._close_destroyed(key, core)

    def _watch(self, kind: Kind, entity: Any) -> None:
        watcher = self.serving.watcher
        try:
            label = f"{kind.name}{kind.label(entity)}"
            core = kind.watch(watcher, entity, watcher.group_of(self.node, entity), label)
        except InvalidHandle:
            return  # destroyed meanwhile
        except AttributeError:
            # rclpy's ActionClient tells its node of itself, which wakes us, before it is whole;
            # its constructor may run on this thread or on another one.
            since = self._incomplete.setdefault(entity, time.monotonic())
            if time.monotonic() - since > _CONSTRUCTION_SEC:
                raise
            self.serving.look_again()
            return
        core.poke(_unsettled.pop(entity, 0))
        self._entities[id(entity)] = core
        registry.note_entity(entity, core, self)

    def cores(self) -> list[_core.Entity]:
        """Return what watches the entities now, actions by their parts. Any thread."""
        return [
            part
            for core in list(self._entities.values())
            for part in (core.parts if isinstance(core, Action) else [core])
        ]

    def let_go(self, entity: Any) -> None:
        """Watch an entity no more that was destroyed without the node's knowledge."""
        core = self._entities.pop(id(entity), None)
        if core is not None:
            self._close_destroyed(id(entity), core)

    def _close_destroyed(self, key: int, core: Watched) -> None:
        label = core.label
        core.close()
        self.serving.followers.gone(key, f"The {label} was destroyed")

    def close(self, *, keep_clients: bool = False) -> None:
        """Let go of all entities; of clients too unless coroutines that end still need them."""
        for key, core in list(self._entities.items()):
            if keep_clients and isinstance(core, _core.Client):
                continue
            if keep_clients and isinstance(core, Action) and core.responses:
                core.close(keep_responses=True)
                continue
            del self._entities[key]
            if core.pending and not isinstance(core, _core.DrivenWaitable):  # it tells by itself
                _unsettled[core.rclpy_entity] = core.pending
            core.close()
