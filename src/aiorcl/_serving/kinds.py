# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How each kind of entity is watched: a table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import rclpy.client
import rclpy.publisher
import rclpy.subscription
from rclpy.guard_condition import GuardCondition
from rclpy.logging import get_logger
from rclpy.service import Service

from aiorcl import _core
from aiorcl._rclpy.compiled import WaitSet as _WaitSet
from aiorcl._rclpy.depth import depth_of
from aiorcl._rclpy.own_methods import OwnMethods
from aiorcl._serving.action_clients import is_plain_client, watch_client
from aiorcl._serving.action_servers import is_plain_server, watch_server
from aiorcl._serving.actions import Action

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.waitable import Waitable

    from aiorcl._serving.watcher import Watcher

# Kilted and newer tell callbacks who published a message.
_WITH_GID = "publisher_gid" in getattr(
    getattr(rclpy.subscription, "MessageInfo", None), "__annotations__", {}
)

# What is done in C++ unless somebody has put a method of their own in the place of rclpy's, by the
# time at which the entity is first watched.
_PUBLISH = OwnMethods(rclpy.publisher.Publisher, "publish")
_TRIGGER = OwnMethods(GuardCondition, "trigger")
_CALL_ASYNC = OwnMethods(rclpy.client.Client, "call_async")
_PENDING_REQUESTS = OwnMethods(rclpy.client.Client, "get_pending_request", "remove_pending_request")
_SEND_RESPONSE = OwnMethods(Service, "send_response")

#: What watches an entity of rclpy: an entity of ours, or of an action one for each part.
Core: TypeAlias = _core.Entity | Action


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entity: the property of a node that names it, and how it is watched."""

    name: str
    of_node: str
    label: Callable[[Any], str]
    watch: Callable[[Watcher, Any, _core.Group | None, str], Core]


class WaitSet(_WaitSet):
    """A wait set that holds in use what is added to it: rclpy's keeps addresses, and no more.

    :param in_use: until its end.
    """

    def __init__(self, in_use: contextlib.ExitStack, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._in_use = in_use

    def add_client(self, handle: Any) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._in_use.enter_context(handle)
        return super().add_client(handle)

    def add_event(self, handle: Any) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._in_use.enter_context(handle)
        return super().add_event(handle)

    def add_guard_condition(self, handle: Any) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._in_use.enter_context(handle)
        return super().add_guard_condition(handle)

    def add_service(self, handle: Any) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._in_use.enter_context(handle)
        return super().add_service(handle)

    def add_subscription(self, handle: Any) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._in_use.enter_context(handle)
        return super().add_subscription(handle)

    def add_timer(self, handle: Any) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._in_use.enter_context(handle)
        return super().add_timer(handle)


def wait_set_of(context: Context, waitable: Waitable[Any], in_use: contextlib.ExitStack) -> WaitSet:
    """Return a wait set of rclpy that holds the entities of one waitable.

    Of use until the end of ``in_use``: a finalizer or a signal handler may come between any two
    lines, and what it destroys would be freed.

    :raises InvalidHandle: if they are destroyed.
    """
    # Also the entities one by one: what a waitable's own __enter__ holds is the user's to say. But
    # those of rclpy's actions come into the wait set by calls that none of its methods sees.
    in_use.enter_context(waitable)
    assert context.handle is not None  # its executor has made sure
    size = waitable.get_num_entities()
    wait_set = WaitSet(
        in_use,
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


def _tell_crowded(client: Any, pending: int) -> None:
    """A client has more requests under way than queues of its depth hold; told once."""
    depth = depth_of(client.qos_profile)
    get_logger(client.logger_name).warning(
        f"{pending} requests to '{client.service_name}' are under way at once, but the queues of "
        f"client and service hold {depth}: some may never be answered. Instead of call_async() "
        "write 'await aiorcl.call(client, request)', which sends each in its turn, or make both "
        "with a deeper history: qos_profile=QoSProfile(depth=...)"
    )


def _watch_publisher(
    watcher: Watcher, publisher: Any, group: _core.Group | None, label: str
) -> _core.Entity:
    core = _core.Publisher(watcher.dispatcher, publisher, label)
    # Subclasses, and whoever has put a method of their own there, keep it.
    if _PUBLISH.are_all_of(publisher):
        core.stand_in()
    return core


def _watch_guard(
    watcher: Watcher, guard: Any, group: _core.Group | None, label: str
) -> _core.Entity:
    core = _core.GuardCondition(watcher.dispatcher, guard, group, label, watcher.guard_threads)
    core.give_back()
    if _TRIGGER.are_all_of(guard):
        core.stand_in()
    return core


def _watch_client(
    watcher: Watcher, client: Any, group: _core.Group | None, label: str
) -> _core.Entity:
    # Without its group: what only completes futures is never held back, or awaiting a service
    # inside a callback of the same group could not end.
    depth = depth_of(client.qos_profile) or 0
    finds_itself = not _PENDING_REQUESTS.are_those_of(client)
    requests = watcher.requests_to(client.service_name)
    core = _core.Client(
        *(watcher.dispatcher, client, label, depth, _tell_crowded, requests),
        finds_itself=finds_itself,
    )
    if _CALL_ASYNC.are_all_of(client):
        core.stand_in()
    return core


def _says_when_ready(waitable: Any) -> bool:
    """True for a waitable with rclcpp's methods for this, which rclpy's own class does not have."""
    methods = ("set_on_ready_callback", "clear_on_ready_callback")
    return all(callable(getattr(waitable, method, None)) for method in methods)


def _watch_waitable(watcher: Watcher, waitable: Any, group: _core.Group | None, label: str) -> Core:
    if is_plain_client(waitable):
        return watch_client(watcher, waitable, group)
    if _says_when_ready(waitable):
        driven = _core.DrivenWaitable(watcher.dispatcher, waitable, group, label)
        driven.listen()
        return driven
    with contextlib.ExitStack() as in_use:
        wait_set = wait_set_of(watcher.context, waitable, in_use)
        if is_plain_server(waitable):
            return watch_server(watcher, waitable, group, wait_set.pointer)
        return _core.Waitable(
            *(watcher.dispatcher, waitable, in_use.pop_all(), group, label, wait_set.pointer),
            watcher.guard_threads,
        )


KINDS = (
    Kind(
        "timer",
        "timers",
        lambda timer: "",
        lambda watcher, *timer: _core.Timer(watcher.dispatcher, *timer),
    ),
    Kind(
        "subscription",
        "subscriptions",
        lambda subscription: f" '{subscription.topic_name}'",
        lambda watcher, subscription, group, label: _core.Subscription(
            watcher.dispatcher, subscription, group, label, _WITH_GID
        ),
    ),
    Kind(
        "publisher",
        "publishers",
        lambda publisher: f" '{publisher.topic_name}'",
        _watch_publisher,
    ),
    Kind(
        "guard condition",
        "guards",
        lambda guard: "",
        _watch_guard,
    ),
    Kind(
        "client",
        "clients",
        lambda client: f" '{client.service_name}'",
        _watch_client,
    ),
    Kind(
        "service",
        "services",
        lambda service: f" '{service.service_name}'",
        lambda watcher, service, group, label: _core.Service(
            *(watcher.dispatcher, service, group, label),
            sends_itself=not _SEND_RESPONSE.are_those_of(service),
        ),
    ),
    Kind(
        "waitable",
        "waitables",
        lambda waitable: f" {type(waitable).__name__}",
        _watch_waitable,
    ),
)
