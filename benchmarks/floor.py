# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The floor: what the middleware and rcl cost alone, driven from C++ on the same entities."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from . import native
from .nodes import Caller, MeasuredNode, PingPong, Receiver

if TYPE_CHECKING:
    from collections.abc import Iterable

CAPACITY = 20_000_000


class Samples:
    """The numbers that a C++ loop notes, seen as a list while the loop runs."""

    def __init__(self) -> None:
        self._numbers = np.empty(CAPACITY, np.int64)
        self.log = native.Log(self._numbers.ctypes.data, CAPACITY, 0, 0)

    def __len__(self) -> int:
        return int(self.log.count)

    def __getitem__(self, where: slice) -> np.ndarray:
        return self._numbers[: len(self)][where]


class Floor:
    """Runs a node's entities by rcl alone until it is shut down."""

    def __init__(self, node: MeasuredNode) -> None:
        self._node = node
        self._samples = Samples()
        self._ended = threading.Event()
        self._guard = node.create_guard_condition(lambda: None)
        node.samples = self._samples

    def shutdown(self, timeout_sec: float) -> bool:
        """End the loop, from another thread; False if that takes longer.

        :param timeout_sec: how long to wait for its end.
        """
        self._samples.log.stop = 1
        self._guard.trigger()
        return self._ended.wait(timeout_sec)

    def run(self) -> None:
        """Run the loop that the node's workload needs; it holds no GIL.

        :raises RuntimeError: if rcl reports an error, which then stands on standard error.
        """
        loops = native.load()
        log = ctypes.byref(self._samples.log)
        with contextlib.ExitStack() as held:

            def addresses(entities: Iterable[Any]) -> list[int]:
                handles = [entity.handle for entity in entities]
                for handle in handles:
                    held.enter_context(handle)
                return [handle.pointer for handle in handles]

            subscriptions = native.pointers(addresses(self._node.subscriptions))
            if isinstance(self._node, PingPong):
                publishers = native.pointers(addresses([self._node.ping, self._node.pong]))
                failed = loops.ping_pong(publishers, subscriptions, log)
            else:
                timers = native.pointers(addresses(self._node.timers))
                entities = native.Entities(
                    *addresses([self._node.context, self._guard]),
                    subscriptions,
                    timers,
                    None,
                    None,
                    len(subscriptions),
                    len(timers),
                    None,
                )
                if isinstance(self._node, Receiver):
                    entities.stamped = native.ros_message(self._node.message_class)
                if isinstance(self._node, Caller):
                    both = [self._node.service, self._node.client]
                    entities.service, entities.client = addresses(both)
                failed = loops.spin(ctypes.byref(entities), log)
        self._ended.set()
        if failed:
            raise RuntimeError("The loop in C++ ended with an error of rcl")
