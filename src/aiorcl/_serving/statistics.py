# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What an executor tells of its entities: how often they were called, how late, for how long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiorcl import _core
from aiorcl._rclpy.conversion import ros_name_of
from aiorcl._serving.destroyed import is_destroyed
from aiorcl._serving.naming import joined, kind_and_name, name_of

if TYPE_CHECKING:
    from aiorcl._serving.node import ServedNode


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
        turns=dispatcher.looks,
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
