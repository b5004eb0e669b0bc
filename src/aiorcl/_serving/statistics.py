# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What an executor tells of its entities: how often they were called, how late, for how long."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aiorcl import _core
from aiorcl._rclpy.conversion import ros_name_of
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.naming import joined, kind_and_name, label_of, name_of
from aiorcl._serving.report import logger_of, node_of

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl._serving.node import ServedNode
    from aiorcl._tasks.owned_coroutines import OwnedCoroutines

_NEVER_NS = sys.maxsize

# What only completes futures, or is the executor's own.
_WITHOUT_CALLBACK = (_core.Client, _core.GoalExpiry, _core.Orders, _core.Posted)


@dataclass(frozen=True, slots=True)
class Durations:
    """How durations are spread, in nanoseconds; all 0 if there was none.

    The percentiles come from a histogram of fixed size: they are never too low, and at most an
    eighth too high. ``mean`` and ``max`` are exact.
    """

    count: int
    mean: int
    p50: int
    p90: int
    p99: int
    max: int


@dataclass(frozen=True, slots=True)
class EntityStats:
    """One entity of a node, since the executor serves it.

    :param node: the fully qualified name of the node; empty for the executor's own work.
    :param kind: ``"subscription"``, ``"timer"``, ``"client"``, ... or ``"task"``: the functions
        given to ``create_task``, and done callbacks.
    :param name: the topic or the service; of a timer or a guard condition its callback; of a
        waitable its class.
    :param calls: how many callbacks were called.
    :param queue_delay: from the moment in which it became ready, or in which its previous message
        was taken if more were there, to the one in which its turn came. Waiting for a place in its
        callback group is part of that.
    :param callback_time: how long its turn kept the loop: taking the message, converting it, and
        the callback. Of a coroutine callback this is the part before its first suspension (on
        Python 3.11: none of it); the rest is in ``step_time``.
    :param step_time: how long each further step of its coroutines kept the loop, from one
        suspension to the next.
    :param running: callbacks under way: coroutines that have not ended, and the one that asks.
    :param held_back: whether it has something and waits for a place in its callback group.
    """

    node: str
    kind: str
    name: str
    calls: int
    queue_delay: Durations
    callback_time: Durations
    step_time: Durations
    running: int
    held_back: bool


@dataclass(frozen=True, slots=True)
class ExecutorStats:
    """An executor, since it was made; ``entities`` are those that it serves now.

    :param turns: how often it looked for what was ready.
    :param callbacks: how many callbacks were called, those of entities that are gone included.
    :param longest_callback_ns: what the longest of them took.
    :param longest_callback: whose it was, as in ``"subscription '/chatter'"``; empty if there was
        none.
    :param converted_by_rclpy: the types of messages, of all executors of this process, that have
        no plan, by name (``"std_msgs/msg/Int64"``), and why: rclpy converts them, many times as
        slowly (docs/messages.md).
    """

    turns: int
    callbacks: int
    longest_callback_ns: int
    longest_callback: str
    entities: tuple[EntityStats, ...]
    converted_by_rclpy: Mapping[str, str]


class SlowCallbacks:
    """Logs a warning of what keeps the loop for too long, by the logger of its node.

    :param advice: what to do about it. Where there is any each is told of once.
    """

    def __init__(
        self, dispatcher: _core.Dispatcher, owned: OwnedCoroutines, advice: str = ""
    ) -> None:
        self._dispatcher = dispatcher
        self._owned = owned
        self._advice = advice
        self._told: set[str] = set()
        owned.on_slow_step = self._warn_of_step

    @property
    def seconds(self) -> float | None:
        """From where on something is slow; None if nothing is."""
        slow_ns = self._owned.slow_ns
        if slow_ns is None:
            return None
        return math.inf if slow_ns == _NEVER_NS else slow_ns / 1e9

    @seconds.setter
    def seconds(self, seconds: float | None) -> None:
        if seconds is None:
            self._owned.slow_ns, self._dispatcher.slow_ns = None, _NEVER_NS
            return
        try:
            is_duration = seconds >= 0
        except TypeError:
            raise TypeError(f"A duration is a number of seconds or None, not {seconds!r}") from None
        if not is_duration:
            raise ValueError(f"A duration is 0 or more, got {seconds!r}")
        slow_ns = int(seconds * 1e9) if seconds * 1e9 < _NEVER_NS else _NEVER_NS
        self._owned.slow_ns = self._dispatcher.slow_ns = slow_ns

    def warn_of_callback(self, entity: _core.Entity, took_ns: int) -> None:
        """Tell of one turn of an entity; with advice, if a callback of the user's is part of it.

        Of others nothing can be done: a busy thread has kept the loop from going on.
        """
        if not self._advice or not isinstance(entity, _WITHOUT_CALLBACK):
            self._warn(label_of(entity), took_ns, node_of(entity))

    def _warn(self, what: str, took_ns: int, node: Node | None) -> None:
        if self._advice:
            if what in self._told:
                return
            self._told.add(what)
        logger_of(node).warning(
            f"{what[0].upper()}{what[1:]} kept the loop for {took_ns / 1e6:.1f} ms{self._advice}"
        )

    def _warn_of_step(self, name: str, took_ns: int, owner: object) -> None:
        self._warn(f"A step of {name}", took_ns, cast("Node | None", owner))


def stats_of(
    dispatcher: _core.Dispatcher, tasks: _core.Entity, nodes: Iterable[ServedNode]
) -> ExecutorStats:
    """Take the statistics of an executor; ``tasks`` has those of its own work."""
    entities = [_entity_stats(tasks, "")]
    for served_node in nodes:
        if is_destroyed(served_node.node):  # meanwhile
            continue
        name = name_of(served_node.node)
        entities += (
            _entity_stats(core, name)
            for core in served_node.cores()
            if not isinstance(core, _core.Publisher)  # nothing calls it
        )
    longest = max(entities, key=lambda entity: entity.callback_time.max)
    is_served = longest.callback_time.max == dispatcher.longest_ns
    return ExecutorStats(
        turns=dispatcher.turns,
        callbacks=dispatcher.callbacks,
        longest_callback_ns=dispatcher.longest_ns,
        longest_callback=joined(longest.kind, longest.name)
        if is_served and dispatcher.callbacks
        else dispatcher.longest_label,
        entities=tuple(entities),
        converted_by_rclpy=_without_plan(),
    )


def _without_plan() -> dict[str, str]:
    noted = _core.MessageType.without_plan()
    # Other threads note more.
    return {ros_name_of(cls): noted.get(cls, "") for cls in list(noted)}


def _entity_stats(core: _core.Entity, node: str) -> EntityStats:
    kind, name = kind_and_name(core)
    return EntityStats(
        node=node,
        kind=kind,
        name=name,
        calls=core.callback_time.count,
        queue_delay=_durations(core.queue_delay),
        callback_time=_durations(core.callback_time),
        step_time=_durations(core.step_time),
        running=core.running,
        held_back=core.held_back,
    )


def _durations(histogram: _core.Histogram) -> Durations:
    p50, p90, p99 = map(histogram.percentile, (50, 90, 99))
    count = histogram.count
    mean = round(histogram.total / count) if count else 0
    return Durations(count, mean, p50, p90, p99, histogram.max)
