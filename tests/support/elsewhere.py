# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Other threads: functions called in one, and executors that spin in one, which can be kept busy.

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from rclpy.context import Context
from rclpy.executors import Executor, ExternalShutdownException
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy

from aiorcl import AsyncioExecutor
from tests.support.counters import wait_until_asleep

DEADLINE_SEC = 10.0


def call_elsewhere(function: Callable[[], object]) -> None:
    """Call a function on another thread, and return when it has returned."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


@contextlib.contextmanager
def shut_down_elsewhere(context: Context) -> Iterator[None]:
    """Let another thread shut a context down when the calling one sleeps in the block."""
    caller = threading.get_native_id()

    def end() -> None:
        wait_until_asleep(caller)
        context.shutdown()

    thread = threading.Thread(target=end)
    thread.start()
    yield
    thread.join()


class Elsewhere:
    """One executor that spins in its thread, between ``with`` and its end."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._thread = threading.Thread(target=self._spin)

    @property
    def ident(self) -> int:
        """Its thread."""
        assert self._thread.ident is not None
        return self._thread.ident

    def __enter__(self) -> Elsewhere:
        self._thread.start()
        self.do(lambda: None)
        return self

    def __exit__(self, *error: object) -> None:
        self.executor.shutdown(timeout_sec=DEADLINE_SEC)
        self._thread.join(DEADLINE_SEC)
        assert not self._thread.is_alive()

    def do(self, function: Callable[[], object]) -> None:
        """Call a function in its thread, and return after that."""
        done = threading.Event()

        def task() -> None:
            try:
                function()
            finally:
                done.set()

        self.executor.create_task(task)
        assert done.wait(DEADLINE_SEC)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Keep its thread in a callback."""
        begun, may_end = threading.Event(), threading.Event()

        def task() -> None:
            begun.set()
            assert may_end.wait(DEADLINE_SEC)

        self.executor.create_task(task)
        assert begun.wait(DEADLINE_SEC)
        try:
            yield
        finally:
            may_end.set()

    def _spin(self) -> None:
        # Executors of rclpy may look at an entity while another thread destroys it.
        of_peer = () if isinstance(self.executor, AsyncioExecutor) else (_rclpy.RCLError,)
        with contextlib.suppress(ExternalShutdownException, *of_peer):
            self.executor.spin()


class Arrivals:
    """What came, and in which thread. Any thread."""

    def __init__(self) -> None:
        self.all: list[tuple[Any, int]] = []
        self._changed = threading.Condition()

    def add(self, what: Any) -> None:
        """Note what came."""
        with self._changed:
            self.all.append((what, threading.get_ident()))
            self._changed.notify_all()

    @property
    def what(self) -> list[Any]:
        """What came, in order."""
        return [what for what, _ in self.all]

    def wait(self, predicate: Callable[[list[Any]], object]) -> None:
        """Wait until it is true of what came."""
        with self._changed:
            assert self._changed.wait_for(lambda: predicate(self.what), DEADLINE_SEC), (
                f"{len(self.all)} came, the last {self.all[-5:]}"
            )
