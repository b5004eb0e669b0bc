# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How each kind of entity is watched: a table, and the watched entities of one node."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import rclpy.client
import rclpy.publisher
import rclpy.subscription
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.exceptions import InvalidHandle
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.qos import HistoryPolicy

from aiorcl import _core
from aiorcl._serving.actions import Action, is_plain, watch_client, watch_server
from aiorcl._serving.followers import name_of
from aiorcl._serving.groups import LimitedCallbackGroup, ThreadCallbackGroup

if TYPE_CHECKING:
    from rclpy.callback_groups import CallbackGroup
    from rclpy.context import Context
    from rclpy.node import Node
    from rclpy.qos import QoSProfile
    from rclpy.waitable import Waitable

    from aiorcl.executor import AsyncioExecutor

# Kilted and newer tell callbacks who published a message.
_WITH_GID = "publisher_gid" in getattr(
    getattr(rclpy.subscription, "MessageInfo", None), "__annotations__", {}
)


# What watches an entity of rclpy.
Watched: TypeAlias = _core.Entity | Action


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entity: where a node keeps it, and how it is watched."""

    name: str
    of_node: Callable[[Node], Iterable[Any]]
    label: Callable[[Any], str]
    watch: Callable[[AsyncioExecutor, Any, _core.Group | None, str], Watched]


def wait_set_of(context: Context, waitable: Waitable[Any]) -> _rclpy.WaitSet:
    """Return a wait set of rclpy that holds the entities of one waitable."""
    assert context.handle is not None  # its executor has made sure
    size = waitable.get_num_entities()
    wait_set = _rclpy.WaitSet(
        size.num_subscriptions,
        size.num_guard_conditions,
        size.num_timers,
        size.num_clients,
        size.num_services,
        size.num_events,
        context.handle,
    )
    wait_set.clear_entities()
    waitable.add_to_wait_set(wait_set)
    return wait_set


def depth_of(profile: QoSProfile) -> int | None:
    """Return how many messages the queue of an entity holds; None if there is no limit."""
    if profile.history == HistoryPolicy.KEEP_ALL:
        return None
    return max(1, profile.depth)  # of 0 the middleware makes its own default: 1


def _tell_crowded(client: Any, pending: int) -> None:
    """A client has more requests under way than queues of its depth hold; told once."""
    depth = depth_of(client.qos_profile)
    client.logger.warning(
        f"{pending} requests to '{client.service_name}' are under way at once, but the queues of "
        f"client and service hold {depth}: some may never be answered. Write 'await "
        "aiorcl.call(client, request)', which sends each in its turn, or make both with a deeper "
        "history: qos_profile=QoSProfile(depth=...)"
    )


def _watch_publisher(
    executor: AsyncioExecutor, publisher: Any, group: _core.Group | None, label: str
) -> _core.Entity:
    core = _core.Publisher(executor._dispatcher, publisher, label)
    # Subclasses, and whoever has put a method of their own there, keep it.
    if type(publisher) is rclpy.publisher.Publisher and "publish" not in publisher.__dict__:
        core.stand_in()
    return core


def _watch_client(
    executor: AsyncioExecutor, client: Any, group: _core.Group | None, label: str
) -> _core.Entity:
    # Without its group: what only completes futures is never held back, or awaiting a service
    # inside a callback of the same group could not end.
    depth = depth_of(client.qos_profile) or 0
    core = _core.Client(executor._dispatcher, client, label, depth, _tell_crowded)
    if type(client) is rclpy.client.Client and "call_async" not in client.__dict__:
        core.stand_in()
    return core


def _says_when_ready(waitable: Any) -> bool:
    """True for a waitable with rclcpp's methods for this, which rclpy's own class does not have."""
    methods = ("set_on_ready_callback", "clear_on_ready_callback")
    return all(callable(getattr(waitable, method, None)) for method in methods)


def _watch_waitable(
    executor: AsyncioExecutor, waitable: Any, group: _core.Group | None, label: str
) -> Watched:
    if is_plain(waitable, ActionClient):
        return watch_client(executor, waitable, group)
    if _says_when_ready(waitable):
        driven = _core.DrivenWaitable(executor._dispatcher, waitable, group, label)
        driven.listen()
        return driven
    with waitable:
        wait_set = wait_set_of(executor.context, waitable)
        if is_plain(waitable, ActionServer):
            return watch_server(executor, waitable, group, wait_set.pointer)
        return _core.Waitable(
            *(executor._dispatcher, waitable, group, label, wait_set.pointer),
            executor._guards.threads,
        )


KINDS = (
    Kind(
        "timer",
        lambda node: node.timers,
        lambda timer: "",
        lambda executor, *timer: _core.Timer(executor._dispatcher, *timer),
    ),
    Kind(
        "subscription",
        lambda node: node.subscriptions,
        lambda subscription: f" '{subscription.topic_name}'",
        lambda executor, subscription, group, label: _core.Subscription(
            executor._dispatcher, subscription, group, label, _WITH_GID
        ),
    ),
    Kind(
        "publisher",
        lambda node: node.publishers,
        lambda publisher: f" '{publisher.topic_name}'",
        _watch_publisher,
    ),
    Kind(
        "guard condition",
        lambda node: node.guards,
        lambda guard: "",
        lambda executor, guard, group, label: _core.GuardCondition(
            executor._dispatcher, guard, group, label, executor._guards.threads
        ),
    ),
    Kind(
        "client",
        lambda node: node.clients,
        lambda client: f" '{client.service_name}'",
        _watch_client,
    ),
    Kind(
        "service",
        lambda node: node.services,
        lambda service: f" '{service.service_name}'",
        lambda executor, *service: _core.Service(executor._dispatcher, *service),
    ),
    Kind(
        "waitable",
        lambda node: node.waitables,
        lambda waitable: f" {type(waitable).__name__}",
        _watch_waitable,
    ),
)

# How long an entity that its node has may be incomplete.
_CONSTRUCTION_SEC = 1.0

# Events that an executor counted and did not settle: rmw counts each message once, so the next one
# to watch the entity would not hear of them.
_unsettled: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

# Where the methods that users call on an rclpy entity find ours.
_watched: weakref.WeakKeyDictionary[Any, tuple[weakref.ref[Watched], weakref.ref[NodeEntities]]] = (
    weakref.WeakKeyDictionary()
)


def watched(entity: Any) -> tuple[Watched, NodeEntities] | None:
    """Return what watches an entity of rclpy, and among which entities, or None."""
    found = _watched.get(entity)
    if found is None:
        return None
    core, entities = found[0](), found[1]()
    return None if core is None or entities is None or core.closed else (core, entities)


def _make_group(executor: AsyncioExecutor, group: CallbackGroup) -> _core.Group:
    """Return what grants the places of a group whose entities share them."""
    if type(group) is MutuallyExclusiveCallbackGroup:
        return _core.Group(executor._dispatcher, 1)
    if isinstance(group, ThreadCallbackGroup):
        return executor._workers.group_of(group)
    if type(group) is LimitedCallbackGroup:
        return _core.Group(executor._dispatcher, group.limit)
    return _core.Group(executor._dispatcher, group)  # of the user's own: it decides


class NodeEntities:
    """The watched entities of one node of an executor."""

    def __init__(self, executor: AsyncioExecutor, node: Node) -> None:
        self.node = node
        self.name = name_of(node)
        self.executor = executor
        # By the id of the rclpy entity, which ours holds.
        self._entities: dict[int, Watched] = {}
        self._incomplete: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()

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
        executor = self.executor
        try:
            label = f"{kind.name}{kind.label(entity)}"
            core = kind.watch(executor, entity, self._group_of(entity), label)
        except InvalidHandle:
            return  # destroyed meanwhile
        except AttributeError:
            # rclpy's ActionClient tells its node of itself, which wakes us, before it is whole;
            # its constructor may run on this thread or on another one.
            since = self._incomplete.setdefault(entity, time.monotonic())
            if time.monotonic() - since > _CONSTRUCTION_SEC:
                raise
            executor._work.post(executor._watched.look)
            return
        core.poke(_unsettled.pop(entity, 0))
        self._entities[id(entity)] = core
        _watched[entity] = (weakref.ref(core), weakref.ref(self))

    def _group_of(self, entity: Any) -> _core.Group | None:
        """Return who grants places to the callbacks of an entity, or None for unlimited places."""
        group = getattr(entity, "callback_group", None)  # a publisher has none
        if group is None or type(group) is ReentrantCallbackGroup:
            return None
        executor = self.executor
        if group is self.node.default_callback_group and not executor._strict_groups:
            return _core.Group(executor._dispatcher, 1)  # each entity with itself only
        shared = executor._watched.groups.get(group)
        if shared is None:
            shared = executor._watched.groups[group] = _make_group(executor, group)
        return shared

    def entities(self) -> list[_core.Entity]:
        """Return the entities that are watched now, actions by their parts. Any thread."""
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
        self.executor._watched.followers.gone(key, f"The {label} was destroyed")

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
