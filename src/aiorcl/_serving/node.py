# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""A node of an executor: what entities it has is watched, what it has no more is let go."""

from __future__ import annotations

import asyncio
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.client import Client
from rclpy.exceptions import InvalidHandle

from aiorcl import _core
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.do_all import do_all
from aiorcl._rclpy.attachments import attached
from aiorcl._rclpy.private_actions import goals_of
from aiorcl._serving import registry
from aiorcl._serving.actions import Action
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.domains import note_domain
from aiorcl._serving.groups import sets_the_clock
from aiorcl._serving.inventory import Inventory, reference_to
from aiorcl._serving.kinds import KINDS
from aiorcl._serving.naming import keep_name
from aiorcl._serving.requests_before import note_requests_before
from aiorcl._serving.serving import BrokenEntity

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._serving.kinds import Core, Kind
    from aiorcl._serving.serving import Serving

# How long an entity that its node has may be incomplete, and when it is looked at again: first at
# once, then after that time, then after twice as long each.
_CONSTRUCTION_SEC = 1.0
_FIRST_LOOK_SEC = 0.001

# Events that an executor counted and did not settle, by the label of what watched: rmw counts each
# message once, so the next one to watch the entity would not hear of them.
_unsettled: ByIdentity[Any, dict[str, int]] = ByIdentity()

# What watches entities to which the user may give a callback for events.
_WITH_SETTERS = (_core.Subscription, _core.Service, _core.Client, _core.Timer)

# Of entities whose events the user hears of: of how many not yet, and of how many that wait.
_untold: ByIdentity[Any, tuple[int, int]] = ByIdentity()


class _Unwatched:
    """An entity that is not watched yet.

    :ivar is_incomplete: it could not be, and is looked at again.
    """

    def __init__(self, kind: Kind, inventory: Inventory, entity: Any) -> None:
        self.kind = kind
        self.inventory = inventory
        self.entity = reference_to(entity)
        self.is_incomplete = False
        self.since: float | None = None  # when it was first found so
        self.look_sec = 0.0
        self.next_look = 0.0


class _Watch(NamedTuple):
    """What watches an entity, by which right, and the inventory that it is in."""

    core: Core
    hold: registry.Hold
    inventory: Inventory


def parts_of(core: Core) -> list[_core.Entity]:
    """Return what watches an entity, of actions each part."""
    return core.parts if isinstance(core, Action) else [core]


class ServedNode:
    """The watched entities of one node.

    On the thread that runs the executor, or on any thread while none does, under the lock of the
    nodes.

    Finalizers come at any moment, and may destroy entities: what is walked is a copy, and what is
    in it may be here no more.

    :ivar kept: it was removed while nothing ran, and may come back.
    :ivar ended: it was closed.
    """

    def __init__(self, node: Node, serving: Serving) -> None:
        self.node = node
        keep_name(node)
        note_domain(node.context)
        self.serving = serving
        self.kept = False
        self.ended = False
        self._inventories = [(kind, Inventory(node, kind.of_node)) for kind in KINDS]
        # By the id of the rclpy entity, which ours holds.
        self._entities: dict[int, _Watch] = {}
        # By the id of the entity: what is tried at each look, what another executor watches yet,
        # and what it has let go of since.
        self._unwatched: dict[int, _Unwatched] = {}
        self._waiting: dict[int, _Unwatched] = {}
        self._released: dict[int, None] = {}
        registry.note(self)

    def is_served(self) -> bool:
        """True while the node is on the executor."""
        return self.serving.has(self.node)

    def leaves(self, entity: Any) -> None:
        """Note that an entity was destroyed, or is about to be removed. Any thread."""
        watch = self._entities.get(id(entity))
        if watch is not None:
            watch.inventory.leaves(entity)

    def released(self, key: int) -> None:
        """Another executor watches an entity, of this id, no more. Any thread."""
        self._released[key] = None
        self.serving.look_again(self.node)

    def synchronise(self, *, search: bool = False) -> None:
        """Watch what the node has and is not watched yet; let go of what it has no more.

        :param search: compare all that it has, not only what rclpy's ways of changing it tell.
        """
        self.let_go_of_gone(search=search)
        for key in list(self._waiting if search else self._released):
            self._released.pop(key, None)
            waiting = self._waiting.pop(key, None)
            if waiting is not None:
                self._unwatched[key] = waiting
        for key in list(self._unwatched):
            unwatched = self._unwatched.get(key)
            if unwatched is None:
                continue
            if self.ended:  # by a finalizer or a signal handler, since the last one
                return
            entity = unwatched.entity()
            if entity is not None and key not in self._entities:
                self._watch(unwatched, entity)
                if unwatched.is_incomplete:
                    continue
            self._unwatched.pop(key, None)

    def let_go_of_gone(self, *, search: bool = False) -> None:
        """Let go of what the node has no more, and note what it has and is not watched yet."""
        for kind, inventory in self._inventories:
            came, gone = inventory.search() if search else inventory.look()
            for key in gone:
                self._unwatched.pop(key, None)
                self._waiting.pop(key, None)
                self._close_destroyed(key)
                inventory.discard(key)
            for entity in came:
                if id(entity) not in self._entities:  # it is of two kinds
                    self._unwatched[id(entity)] = _Unwatched(kind, inventory, entity)
                inventory.add(entity)

    def _watch(self, unwatched: _Unwatched, entity: Any) -> None:
        if unwatched.is_incomplete:
            left = unwatched.next_look - time.monotonic()
            if left > 0:
                self.serving.look_after(self.node, left)
                return
            unwatched.is_incomplete = False
        kind = unwatched.kind
        core: Core | None = None
        hold: registry.Hold | None = None
        watcher = self.serving.watcher
        label = kind.name
        try:
            hold = registry.hold(entity, self)
            if hold is None:  # another executor lets go first
                self._waiting[id(entity)] = unwatched
                return
            label += kind.label(entity)
            core = kind.watch(watcher, entity, watcher.groups.of(self.node, entity), label)
            hold.core = weakref.ref(core)
            for part in parts_of(core):
                registry.note_node(part, self.node)
            self._entities[id(entity)] = _Watch(core, hold, unwatched.inventory)
        except InvalidHandle:
            return  # destroyed meanwhile
        except (Exception, asyncio.CancelledError) as error:
            self._note_failure(unwatched, label, error)
            return
        finally:
            if id(entity) not in self._entities:
                try:
                    if core is not None:
                        core.close()
                finally:
                    if hold is not None:
                        hold.release()
        if is_destroyed(entity):  # by another thread, before it could see who watches it
            self._close_destroyed(id(entity))
            return
        if self.ended:
            self._let_go_of(id(entity))
            return
        if isinstance(core, _WITH_SETTERS):
            on_event = attached(entity, "on_event")
            if on_event is not None:
                core.inherit_on_event(on_event, *(_untold.pop(entity) or (0, 0)))
        assert core is not None  # or it has returned
        _settle_later(core, (_unsettled.pop(entity) or {}) if _is_counted(core) else {})

    def _note_failure(self, unwatched: _Unwatched, label: str, error: BaseException) -> None:
        now = time.monotonic()
        if unwatched.since is None:
            unwatched.since = now
        # rclpy's ActionClient tells its node of itself, which wakes us, before it is whole; its
        # constructor may run on this thread or on another one.
        if isinstance(error, AttributeError) and now - unwatched.since <= _CONSTRUCTION_SEC:
            unwatched.is_incomplete = True
            unwatched.next_look = now + unwatched.look_sec
            self.serving.look_after(self.node, unwatched.look_sec)
            unwatched.look_sec = 2 * unwatched.look_sec or _FIRST_LOOK_SEC
        else:
            self.serving.report(BrokenEntity(label, self.node), error)

    def cores(self) -> list[_core.Entity]:
        """Return what watches the entities now, actions by their parts. Any thread."""
        return [part for watch in list(self._entities.values()) for part in parts_of(watch.core)]

    def clients(self) -> list[Any]:
        """Return the clients that are watched now, of services and of actions. Any thread."""
        entities = [watch.core.rclpy_entity for watch in list(self._entities.values())]
        return [each for each in entities if isinstance(each, (Client, ActionClient))]

    def let_go(self, entity: Any) -> None:
        """Watch an entity no more that was destroyed without the node's knowledge."""
        self._close_destroyed(id(entity))

    def _close_destroyed(self, key: int) -> None:
        watch = self._entities.get(key)
        if watch is not None:
            self._let_go_of(key)
            self.serving.gone(key, f"The {watch.core.label} was destroyed")

    def close(self, *, keep_for_cleanups: bool = False) -> None:
        """Let go of all entities.

        What is raised keeps no other from being let go; one that an interrupt has overtaken is by
        the next call.

        :param keep_for_cleanups: but not yet of what coroutines that end may use: clients,
            publishers, and what takes ``/clock``. Nothing else comes to those that are left.
        """
        self.ended = True
        let_go_of = partial(self._let_go_of, keep_for_cleanups=keep_for_cleanups)
        do_all(*(partial(let_go_of, key) for key in list(self._entities)))

    def _let_go_of(self, key: int, *, keep_for_cleanups: bool = False) -> None:
        watch = self._entities.get(key)
        if watch is None:
            return
        core = watch.core
        if keep_for_cleanups and _is_for_cleanups(core):
            return
        try:
            if isinstance(core, Action):
                core.close(keep_responses=keep_for_cleanups)
            else:
                core.close()
        except (Exception, asyncio.CancelledError) as error:
            self.serving.report(BrokenEntity(core.label, self.node), error)
        finally:
            if core.closed:  # or its responses are kept, or an interrupt has come before
                for part in parts_of(core):
                    if part.running or _has_goals(core):  # which may not have begun
                        registry.note_left(part, self.serving)
                        if isinstance(core, (_core.Service, Action)):
                            note_requests_before(part)
                _hand_over(watch)
                self._entities.pop(key, None)


def _is_for_cleanups(core: Core) -> bool:
    """True for what coroutines that end may use: their last message, say, or a sleep."""
    return isinstance(core, (_core.Client, _core.Publisher)) or sets_the_clock(core.rclpy_entity)


def _has_goals(core: Core) -> bool:
    return isinstance(core.rclpy_entity, ActionServer) and bool(goals_of(core.rclpy_entity))


def _hand_over(watch: _Watch) -> None:
    """Leave what watches the entity next what was not handled here, and the right to do so."""
    core, hold, _ = watch
    if not hold.released:  # else it is by an interrupt that this is done once more
        if _is_counted(core):
            left = {part.label: part.unsettled for part in parts_of(core) if part.unsettled}
            if left:
                _unsettled[core.rclpy_entity] = left
        if isinstance(core, _WITH_SETTERS) and core.on_event is not None:
            _untold[core.rclpy_entity] = _left_to_tell(core)
    hold.release()


def _is_counted(core: Core) -> bool:
    """True if a take that finds nothing settles one event, no more: others settle all."""
    return isinstance(core, (_core.Service, _core.Client, Action))


def _left_to_tell(core: _core.Entity) -> tuple[int, int]:
    """Return of how many events the user has not heard, and of how many that are counted again."""
    if isinstance(core, _core.Subscription):  # of which all are that wait
        return 0, max(0, core.unsettled - core.untold)
    return core.untold, 0


def _settle_later(core: Core, unsettled: dict[str, int]) -> None:
    """Let it look as often as its predecessor would have, once of which it does anyway."""
    for part in parts_of(core):
        part.poke(max(0, unsettled.get(part.label, 0) - 1))
