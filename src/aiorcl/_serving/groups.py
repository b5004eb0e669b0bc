# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What grants the places of callback groups on one executor."""

from __future__ import annotations

import contextlib
import weakref
from types import MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.subscription import Subscription
from rclpy.time_source import TimeSource
from rosgraph_msgs.msg import Clock

from aiorcl import _core
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._rclpy.own_methods import OwnMethods
from aiorcl._rclpy.private import default_group_of, names
from aiorcl._serving.naming import name_of
from aiorcl._serving.report import logger_of
from aiorcl._tasks.groups import LimitedCallbackGroup, LoopCallbackGroup, ThreadCallbackGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from rclpy.callback_groups import CallbackGroup
    from rclpy.node import Node

    from aiorcl._tasks.workers import Workers

# What rclpy's executors ask of a group; of a group with one of its own that is asked here, too.
_RULES: dict[type, OwnMethods] = {
    cls: OwnMethods(cls, "can_execute", "beginning_execution", "ending_execution")
    for cls in (MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup, LimitedCallbackGroup)
}


class _Use(NamedTuple):
    """Where a group is in use: while an entity holds what grants its places."""

    grants: weakref.ref[_core.Group]
    groups: weakref.ref[Groups]
    node: weakref.ref[Node]

    def under_way(self, group: CallbackGroup) -> int:
        """Return how many callbacks of the group have not come to their ends there."""
        grants, groups = self.grants(), self.groups()
        if grants is None:
            return 0
        return grants.running - (0 if groups is None else groups.count_returned(group))


# By the user's group, of all executors; and the groups that were told of.
_uses: ByIdentity[CallbackGroup, list[_Use]] = ByIdentity()
_told: ByIdentity[CallbackGroup, bool] = ByIdentity()


class _Counted:
    """The rules of a group that counts, while callbacks of it are under way on other executors.

    A node has moved in one of its own callbacks, as nested spins let it.
    """

    def __init__(self, group: CallbackGroup, limit: int, elsewhere: list[_Use]) -> None:
        self._group = group
        self._limit = limit
        self._elsewhere = elsewhere
        self._running = 0

    def can_execute(self, entity: object) -> bool:
        elsewhere = sum(use.under_way(self._group) for use in self._elsewhere)
        return self._running + elsewhere < self._limit

    def beginning_execution(self, entity: object) -> bool:
        self._running += 1
        return True

    def ending_execution(self, entity: object) -> None:
        self._running -= 1


class Groups:
    """What grants the places of callback groups on one executor.

    :param executor: whose nodes are served.
    :param strict: a node's default group is as any other.
    """

    def __init__(
        self,
        dispatcher: _core.Dispatcher,
        workers: Workers,
        executor: weakref.ref[Any],
        *,
        strict: bool,
    ) -> None:
        self._dispatcher = dispatcher
        self._workers = workers
        self.executor = executor
        self._strict = strict
        # Entities hold what grants their places, which holds the user's own group: no cycle.
        self._groups: ByIdentity[CallbackGroup, weakref.ref[_core.Group]] = ByIdentity()
        self._alone: ByIdentity[Any, weakref.ref[_core.Group]] = ByIdentity()  # by the entity
        # Where workers run the callbacks of all: what is in no group that counts.
        self._unlimited: _core.Group | None = None
        if workers.threads is not None:
            # What no thread is free for stays in the middleware.
            in_worker = workers.calls_of(None)
            self._unlimited = _core.Group(dispatcher, workers.threads, in_worker)

    def of(self, node: Node, entity: Any) -> _core.Group | None:
        """Return who grants places to the callbacks of an entity, or None for unlimited places."""
        if sets_the_clock(entity):
            return self._alone_for(entity)
        group = getattr(entity, "callback_group", None)  # a publisher has none
        if isinstance(group, LoopCallbackGroup):
            return None
        if group is None or _is_just(group, ReentrantCallbackGroup):
            return self._unlimited
        if (
            not self._strict
            and group is default_group_of(node)
            and _is_just(group, MutuallyExclusiveCallbackGroup)
        ):
            return self._alone_for(entity)
        known = self._groups.get(group)
        shared = None if known is None else known()
        if shared is None:
            shared = self._make(group)
            self._groups[group] = weakref.ref(shared)
            self._note(group, shared, node)
        return shared

    def count_returned(self, group: CallbackGroup) -> int:
        """Return how many of its callbacks have returned in workers, which hold their places yet.

        Until the loop goes on.
        """
        return self._workers.count_returned(group)

    def _alone_for(self, entity: Any) -> _core.Group:
        """Return what grants the places of an entity that runs not beside itself only.

        The same one while a callback is under way that began before the entity was let go.
        """
        known = self._alone.get(entity)
        alone = None if known is None else known()
        if alone is None:
            alone = _core.Group(self._dispatcher, 1)
            with contextlib.suppress(TypeError):  # of an entity without weak references
                self._alone[entity] = weakref.ref(alone)
        return alone

    def _make(self, group: CallbackGroup) -> _core.Group:
        """Return what grants the places of a group whose entities share them."""
        in_worker = self._workers.calls_of(group)
        if _is_just(group, MutuallyExclusiveCallbackGroup):
            return self._counted(group, 1, in_worker)
        if isinstance(group, LimitedCallbackGroup) and _decides_as_its_class(group):
            return self._counted(group, group.limit, in_worker)
        return _core.Group(self._dispatcher, group, in_worker)  # of the user's own: it decides

    def _counted(
        self, group: CallbackGroup, limit: int, in_worker: Callable[..., Any] | None
    ) -> _core.Group:
        uses = _uses.get(group) or []
        if any(use.under_way(group) for use in uses):
            return _core.Group(self._dispatcher, _Counted(group, limit, uses), in_worker)
        if in_worker is None:
            return _core.Group(self._dispatcher, limit)
        return _core.Group(self._dispatcher, limit, in_worker)

    def _note(self, group: CallbackGroup, shared: _core.Group, node: Node) -> None:
        """Tell once of a group that two executors count on, each for itself."""
        uses = [use for use in _uses.get(group) or [] if use.grants() is not None]
        for use in uses:
            groups, other = use.groups(), use.node()
            if groups is None or groups is self or other is None or other is node:
                continue
            # Else it goes from there to here, with its node or after another one.
            if names(other, groups.executor) and not _told.setdefault(group, False):
                _told[group] = True
                _tell(group, other, node)
        _uses[group] = [*uses, _Use(weakref.ref(shared), weakref.ref(self), weakref.ref(node))]


def sets_the_clock(entity: Any) -> bool:
    """True for the subscription by which a node follows ``/clock``: rclpy's own.

    What holds it back may be a coroutine that sleeps on that clock.
    """
    if not isinstance(entity, Subscription) or entity.msg_type is not Clock:
        return False
    callback: Any = entity.callback  # of which nothing is asked: it may be a proxy of what is gone
    return type(callback) is MethodType and callback.__func__ is TimeSource.clock_callback


def _is_just(group: object, cls: type) -> bool:
    """True for a group of just this class that decides as the class does."""
    return _RULES[cls].are_all_of(group)


def _decides_as_its_class(group: LimitedCallbackGroup) -> bool:
    """True if it decides as the class does; a ThreadCallbackGroup may be of a subclass, too."""
    rules = _RULES[LimitedCallbackGroup]
    return (
        rules.are_those_of(group)
        if isinstance(group, ThreadCallbackGroup)
        else rules.are_all_of(group)
    )


def _tell(group: CallbackGroup, one: Node, other: Node) -> None:
    logger_of(other).warning(
        f"Entities of '{name_of(one)}' and '{name_of(other)}' are in one {type(group).__name__}, "
        "but these nodes are on two executors: each counts its own callbacks, and a callback of "
        "one may run beside those of the other. Put the nodes on one executor, or a lock of "
        "threading around what they share"
    )
