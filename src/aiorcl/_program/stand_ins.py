# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""AsyncioExecutors under the names, and with the manners, of rclpy's executors."""

from __future__ import annotations

import asyncio
import os
import traceback
import warnings
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from rclpy.logging import get_logger

from aiorcl._loop.aside import aside, loop_here
from aiorcl._loop.own_loop import NestableLoop
from aiorcl._serving.manner import Manner
from aiorcl._tasks.inline import InlineCallback
from aiorcl.executor import AsyncioExecutor

if TYPE_CHECKING:
    from rclpy.context import Context

    from aiorcl._tasks.errors import OnError
    from aiorcl._tasks.task import Task

# From where on it is told that something has kept the loop which a thread would have run.
_SLOW_SEC = 0.2

_SLOW_ADVICE = (
    ", and all other callbacks with it. Under rclpy's MultiThreadedExecutor a thread of its own "
    "would have run it: make it a plain function, which a worker thread runs here, or have it "
    "await instead of blocking"
)


@dataclass(slots=True)
class Options:
    """What the executors are made with that stand in for rclpy's from now on."""

    new_loop: Callable[[], asyncio.AbstractEventLoop] = NestableLoop
    on_error: OnError | None = None


#: Those that `install` was called with last.
options = Options()


def log_error(error: BaseException, name: str) -> None:
    """Log an exception of a callback, and let all go on: for ``on_error``."""
    get_logger("aiorcl").error(
        "".join([f"Exception in {name}\n", *traceback.format_exception(error)])
    )


class StandIn(AsyncioExecutor):
    """What those that stand in for one of rclpy's executors have in common.

    Each has a loop of its own, also in a thread in which another one runs, and may be spun inside
    callbacks. Plain ones know of no loop. The default group of a node is held to rclpy's rule.
    """

    _waits_for_spin = False

    def __init__(self, *, context: Context | None = None) -> None:
        self._stand_in(context)

    def _stand_in(
        self, context: Context | None, threads: int | None = None, slow_advice: str = ""
    ) -> None:
        manner = Manner(
            strict_groups=True,
            nests=True,
            hides_loop=True,
            threads=threads,
            new_loop=options.new_loop,
            slow_advice=slow_advice,
        )
        self._set_up(context, None, options.on_error, manner)

    # What rclpy's offer to those that derive from them.

    def wait_for_ready_callbacks(self, *args: Any, **kwargs: Any) -> Any:
        """Raise RuntimeError: there is no wait set."""
        self._refuse("wait_for_ready_callbacks")

    def can_execute(self, entity: Any) -> Any:
        """Raise RuntimeError: groups are not asked one by one."""
        self._refuse("can_execute")

    def _refuse(self, method: str) -> NoReturn:
        raise RuntimeError(
            f"{method}() is for executors that build wait sets, and this one, which aiorcl has put "
            "in the place of rclpy's, builds none. Derive the class from rclpy.executors.Executor, "
            "which is rclpy's own"
        )

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """As of every executor; also in a thread in which another one runs.

        As with rclpy it does not wait for a spin call that another thread has under way: the
        callback that this is in may wait for the thread that calls.
        """
        if not self._waits_for_spin and self._run.thread is not None:
            timeout_sec = 0.0
        if loop_here() is None or self._run.runs_here():
            return super().shutdown(timeout_sec)
        with aside():
            return super().shutdown(timeout_sec)


class SingleThreadedExecutor(StandIn):
    """Stands in for rclpy's SingleThreadedExecutor."""


class EventsExecutor(StandIn):
    """Stands in for rclpy's EventsExecutor."""


class MultiThreadedExecutor(StandIn):
    """Stands in for rclpy's MultiThreadedExecutor: worker threads run plain callbacks.

    Of all groups, by their own rules. Coroutine callbacks run on the loop; one that blocks it is
    named in a warning.

    :param num_threads: how many; if None, as many as there are processors for this process.
    """

    _waits_for_spin = True  # as rclpy's does, for its threads

    def __init__(self, num_threads: int | None = None, *, context: Context | None = None) -> None:
        threads = len(os.sched_getaffinity(0)) if num_threads is None else num_threads
        if threads == 1:
            warnings.warn(
                "MultiThreadedExecutor is used with a single thread.\n"
                "Use the SingleThreadedExecutor instead.",
                stacklevel=2,
            )
        self._stand_in(context, threads, _SLOW_ADVICE)
        self._spinning.raises_at_shutdown = False  # as rclpy's, unlike its others
        self.slow_callback_duration = _SLOW_SEC

    def create_task(
        self,
        callback: Callable[..., Any] | Coroutine[Any, Any, Any],
        *args: Any,
        **kwargs: Any,
    ) -> Task[Any]:
        """As of every executor, but a worker thread runs what is no coroutine function."""
        if callable(callback) and not issubclass(type(callback), InlineCallback):
            callback = self._workers.callable_in(None, callback)
        return super().create_task(callback, *args, **kwargs)

    def shutdown(self, timeout_sec: float | None = None, *, wait_for_threads: bool = True) -> bool:
        """As of every executor.

        :param wait_for_threads: if False, wait for nothing.
        """
        return super().shutdown(timeout_sec if wait_for_threads else 0.0)
