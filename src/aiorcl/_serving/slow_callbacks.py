# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The warning of callbacks, and steps of coroutines, that keep the loop for too long."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, cast

from aiorcl import _core
from aiorcl._serving.naming import label_of
from aiorcl._serving.report import logger_of, node_of

if TYPE_CHECKING:
    import asyncio

    from rclpy.node import Node

    from aiorcl._tasks.owned_coroutines import OwnedCoroutines

_NEVER_NS = sys.maxsize

# What only completes futures, or is the executor's own.
_WITHOUT_CALLBACK = (_core.Client, _core.GoalExpiry, _core.Jobs, _core.Posted)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9) if seconds < _NEVER_NS / 1e9 else _NEVER_NS


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
        self._is_set = False  # by the user
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
            self._is_set = True
            return
        try:
            is_duration = seconds >= 0
        except TypeError:
            raise TypeError(f"A duration is a number of seconds or None, not {seconds!r}") from None
        if not is_duration:
            raise ValueError(f"A duration is 0 or more, got {seconds!r}")
        self._owned.slow_ns = self._dispatcher.slow_ns = _nanoseconds(seconds)
        self._is_set = True

    def run_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Name callbacks that are slow for a loop in debug mode, unless the user has decided.

        It names tasks itself, but of callbacks only what calls them, or nothing.
        """
        if not self._is_set:
            debug = loop.get_debug()
            slow_ns = _nanoseconds(loop.slow_callback_duration) if debug else _NEVER_NS
            self._dispatcher.slow_ns = slow_ns

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
