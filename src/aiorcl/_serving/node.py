# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A node of an executor: what entities it has is watched, what it has no more is let go."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

from rclpy.client import Client
from rclpy.exceptions import InvalidHandle
from rclpy.guard_condition import GuardCondition
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from aiorcl import _core
from aiorcl._serving import registry
from aiorcl._serving.actions import Action
from aiorcl._serving.kinds import KINDS
from aiorcl._serving.naming import name_of
from aiorcl._serving.serving import BrokenEntity

if TYPE_CHECKING:
    from aiorcl._serving.kinds import Core, Kind
    from aiorcl._serving.serving import Serving

# How long an entity that its node has may be incomplete, and when it is looked at again: first at
# once, then after that time, then after twice as long each.
_CONSTRUCTION_SEC = 1.0
_FIRST_LOOK_SEC = 0.001

# The classes of rclpy whose objects, and those of subclasses, have a handle of rclpy's.
_WITH_HANDLES = (Node, Timer, Subscription, Publisher, GuardCondition, Client, Service)

# Events that an executor counted and did not settle, by the label of what watched: rmw counts each
# message once, so the next one to watch the entity would not hear of them.
_unsettled: weakref.WeakKeyDictionary[Any, dict[str, int]] = weakref.WeakKeyDictionary()


class _Incomplete:
    """An entity that could not be watched yet, or cannot at all."""

    def __init__(self, entity: Any) -> None:
        self.entity = weakref.ref(entity)
        self.since = time.monotonic()
        self.look_sec = 0.0
        self.next_look = self.since
        self.is_broken = False


def parts_of(core: Core) -> list[_core.Entity]:
    """Return what watches an entity, of actions each part."""
    return core.parts if isinstance(core, Action) else [core]


def is_destroyed(entity: Any) -> bool:
    """Tell whether a node or an entity of it was destroyed; of waitables nobody knows. Any thread.

    What a waitable of the user's calls its handle may be a file, which this would close.
    """
    if not isinstance(entity, _WITH_HANDLES):
        return False
    try:
        with entity.handle:
            return False
    except InvalidHandle:
        return True


class ServedNode:
    """The watched entities of one node.

    On the thread that runs the executor, or on any thread while none does, under the lock of the
    nodes.

    :ivar kept: it was removed while nothing ran, and may come back.
    """

    def __init__(self, node: Node, serving: Serving) -> None:
        self.node = node
        self.name = name_of(node)
        self.serving = serving
        self.kept = False
        # By the id of the rclpy entity, which ours holds.
        self._entities: dict[int, tuple[Core, registry.Hold]] = {}
        self._incomplete: dict[int, _Incomplete] = {}
        registry.note(self)

    def is_served(self) -> bool:
        """True while the node is on the executor."""
        return self.serving.has(self.node)

    def is_incomplete(self) -> bool:
        """True if an entity could not be watched yet and is looked at again."""
        return any(not each.is_broken for each in self._incomplete.values())

    def synchronise(self) -> None:
        """Watch what the node has and is not watched yet; let go of what it has no more."""
        gone = dict(self._entities)
        incomplete, self._incomplete = self._incomplete, {}
        for kind in KINDS:
            for entity in list(kind.of_node(self.node)):
                if gone.pop(id(entity), None) is None and id(entity) not in self._entities:
                    self._watch(kind, entity, incomplete.get(id(entity)))
        for key in gone:
            self._close_destroyed(key)

    def let_go_of_gone(self) -> None:
        """Let go of what the node has no more."""
        here = {id(entity) for kind in KINDS for entity in list(kind.of_node(self.node))}
        for key in self._entities.keys() - here:
            self._close_destroyed(key)

    def _watch(self, kind: Kind, entity: Any, incomplete: _Incomplete | None) -> None:
        if incomplete is not None and incomplete.entity() is entity:
            left = incomplete.next_look - time.monotonic()
            if incomplete.is_broken or left > 0:
                self._incomplete[id(entity)] = incomplete
                if not incomplete.is_broken:
                    self.serving.look_after(left)
                return
        else:
            incomplete = None
        hold = registry.hold(entity, self)
        if hold is None:
            return  # another executor lets go first
        core: Core | None = None
        watcher = self.serving.watcher
        label = kind.name
        try:
            label += kind.label(entity)
            core = kind.watch(watcher, entity, watcher.group_of(self.node, entity), label)
        except InvalidHandle:
            return  # destroyed meanwhile
        except Exception as error:
            self._note_failure(entity, label, error, incomplete)
            return
        finally:
            if core is None:
                hold.release()
        assert core is not None  # or it was returned above
        hold.core = weakref.ref(core)
        self._entities[id(entity)] = core, hold
        if is_destroyed(entity):  # by another thread, before it could see who watches it
            core.mute()
        _settle_later(core, _unsettled.pop(entity, {}) if _is_counted(core) else {})

    def _note_failure(
        self, entity: Any, label: str, error: Exception, incomplete: _Incomplete | None
    ) -> None:
        if incomplete is None:
            incomplete = _Incomplete(entity)
        self._incomplete[id(entity)] = incomplete
        now = time.monotonic()
        # rclpy's ActionClient tells its node of itself, which wakes us, before it is whole; its
        # constructor may run on this thread or on another one.
        if isinstance(error, AttributeError) and now - incomplete.since <= _CONSTRUCTION_SEC:
            incomplete.next_look = now + incomplete.look_sec
            self.serving.look_after(incomplete.look_sec)
            incomplete.look_sec = 2 * incomplete.look_sec or _FIRST_LOOK_SEC
            return
        incomplete.is_broken = True
        self.serving.report(BrokenEntity(label, self.node), error)

    def cores(self) -> list[_core.Entity]:
        """Return what watches the entities now, actions by their parts. Any thread."""
        return [part for core, _ in list(self._entities.values()) for part in parts_of(core)]

    def let_go(self, entity: Any) -> None:
        """Watch an entity no more that was destroyed without the node's knowledge."""
        if id(entity) in self._entities:
            self._close_destroyed(id(entity))

    def _close_destroyed(self, key: int) -> None:
        label = self._entities[key][0].label
        self._close(key)
        self.serving.followers.gone(key, f"The {label} was destroyed")

    def close(self, *, keep_clients: bool = False) -> None:
        """Let go of all entities; of clients too unless coroutines that end still need them."""
        for key, (core, _) in list(self._entities.items()):
            if keep_clients and isinstance(core, _core.Client):
                continue
            if keep_clients and isinstance(core, Action) and core.responses:
                core.close(keep_responses=True)
                continue
            if _is_counted(core):
                pending = {part.label: part.pending for part in parts_of(core) if part.pending}
                if pending:
                    _unsettled[core.rclpy_entity] = pending
            self._close(key)

    def _close(self, key: int) -> None:
        """Let go of one; what that raises is told, and keeps no other from it."""
        core, hold = self._entities.pop(key)
        try:
            core.close()
        except Exception as error:
            self.serving.report(BrokenEntity(core.label, self.node), error)
        finally:
            hold.release()


def _is_counted(core: Core) -> bool:
    """True if a take that finds nothing settles one event, no more: others settle all."""
    return isinstance(core, (_core.Service, _core.Client, Action))


def _settle_later(core: Core, unsettled: dict[str, int]) -> None:
    """Let it look as often as its predecessor would have, once of which it does anyway."""
    for part in parts_of(core):
        part.poke(max(0, unsettled.get(part.label, 0) - 1))
