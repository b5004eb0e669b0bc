# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Callback groups beside rclpy's own: one with a limit, one whose callbacks run in threads."""

from __future__ import annotations

import operator
import threading
from typing import Any

from rclpy.callback_groups import CallbackGroup, ReentrantCallbackGroup


class LimitedCallbackGroup(CallbackGroup):
    """At most ``limit`` callbacks of the group are under way at a time.

    Between a MutuallyExclusiveCallbackGroup, whose limit is 1, and a ReentrantCallbackGroup, which
    has none. A coroutine callback counts until it has ended, also while it is suspended. What may
    not start yet stays in the middleware's queue.

    For any executor: those of rclpy ask the three methods below, and any thread may call them. Each
    `AsyncioExecutor` counts for itself, as it does of rclpy's groups: nodes that share a group
    belong on one executor.

    :param limit: at least 1.
    :raises ValueError: if it is less.
    """

    def __init__(self, limit: int) -> None:
        super().__init__()
        try:
            self._limit = operator.index(limit)
        except TypeError:
            raise TypeError(
                f"{type(self).__name__}() takes how many callbacks may be under way, as an int, "
                f"not {limit!r}"
            ) from None
        if self._limit < 1:
            raise ValueError(f"A callback group needs a limit of at least 1, not {limit}")
        self._running = 0
        self._lock = threading.Lock()

    @property
    def limit(self) -> int:
        """How many callbacks may be under way at a time."""
        return self._limit

    def can_execute(self, entity: Any) -> bool:
        """Return True if a callback may start now."""
        with self._lock:
            return self._running < self._limit

    def beginning_execution(self, entity: Any) -> bool:
        """Take a place for a callback; False if there is none."""
        with self._lock:
            if self._running >= self._limit:
                return False
            self._running += 1
            return True

    def ending_execution(self, entity: Any) -> None:
        """Give the place of a callback back."""
        with self._lock:
            self._running -= 1


class ThreadCallbackGroup(LimitedCallbackGroup):
    """Callbacks of the group run in worker threads, at most ``max_workers`` at a time.

    For code that blocks, such as what was written for a MultiThreadedExecutor: ``client.call()``
    inside a callback, OpenCV, a driver without asyncio support. Everything else stays on the loop.
    Messages and requests are taken and converted there, and the response of a service is sent
    there when the callback has returned; exceptions go the executor's way.

    Coroutine callbacks run on the loop, and have a place of the group. So do the callbacks of QoS
    events, and those with which an action server decides on goals. Its ``execute_callback`` runs in
    a worker, and has no place.

    A thread cannot be cancelled: `AsyncioExecutor.shutdown`, the end of ``async with`` and the end
    of the interpreter wait for callbacks that run. What can be ended are the blocking calls of
    rclpy: ``client.call()`` and its kin, ``wait_for_service()`` and its kin, ``rate.sleep()`` and
    ``clock.sleep_until()``. Those that wait when the executor is shut down, and those that are made
    afterwards, raise ``asyncio.CancelledError`` in the worker. A call of a client whose node is on
    another executor, or on none, is waited for as any other code: give it a timeout.

    Callbacks begin only while the main thread lives: when it has ended Python lets no pool of
    threads begin anything, though an executor on a thread that is no daemon goes on with all else.
    Let the main thread wait for that one: ``thread.join()``.

    Under executors of rclpy it is a `LimitedCallbackGroup`.

    :param max_workers: at least 1.
    :raises ValueError: if it is less.
    """

    def __init__(self, max_workers: int) -> None:
        super().__init__(max_workers)


class LoopCallbackGroup(ReentrantCallbackGroup):
    """Of callbacks of our own, which are called on the thread of the loop whoever runs all others.

    No group, otherwise: nothing holds them back.
    """
