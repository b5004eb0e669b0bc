# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The executor's own work: what is posted to its thread, and the coroutines that it owns."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from aiorcl import _core
from aiorcl._tasks.future import Task
from aiorcl._tasks.steps import Outcome, Steps

if TYPE_CHECKING:
    from rclpy.node import Node

    from aiorcl.executor import AsyncioExecutor


# A cancellation travels from the task to what it awaits and back, a turn of the loop for each way:
# so much time everything gets, also by a shutdown that does not wait.
_CANCEL_TURNS = 4


class Work:
    """Posted callables run in their order, between the callbacks of entities.

    Coroutines run as asyncio tasks.
    """

    def __init__(self, executor: AsyncioExecutor) -> None:
        self._executor = executor
        self._deque: deque[Callable[[], Any]] = deque()
        self.entity = _core.Posted(executor._dispatcher, self._deque)
        self._owned: set[Steps] = set()
        self.running: Steps | None = None  # whose step is on the stack
        self.unbegun = 0  # coroutines whose first step waits for a turn of the loop
        self.slow_ns: int | None = None  # from where on a step is slow
        self._ended = threading.Event()

    def post(self, callable_: Callable[[], Any]) -> None:
        """Run a callable on the loop's thread. Any thread.

        It returns False if spin_once shall go on.
        """
        self._deque.append(callable_)
        self.entity.post()

    def post_task(self, task: Task[Any]) -> None:
        """Run a task in its turn; cancel it if the executor is shut down. Any thread."""
        if self._executor._is_shutdown:
            task.cancel()
        else:
            self.post(task)

    def start(
        self, coroutine: Coroutine[Any, Any, Any], outcome: Outcome, node: Node | None = None
    ) -> None:
        """Run a coroutine as an asyncio task, with its first step now where Python can."""
        steps = Steps(self._executor, coroutine, outcome, node)
        if isinstance(outcome, Task):
            outcome._steps = steps
        self._owned.add(steps)
        steps.start(self._executor.loop)

    def ended(self, steps: Steps) -> None:
        """Forget a coroutine that came to its end."""
        self._owned.discard(steps)
        self._set_ended_in_block()

    def remains(self) -> bool:
        """True while a coroutine is under way."""
        return bool(self._owned)

    def cancel_tasks_of(self, node: Node, *, destroyed: bool) -> None:
        """Cancel the coroutine callbacks of a node that was removed, but never the calling one.

        rclpy.spin_once adds and removes the node around each call, so only a running executor
        cancels what a node that still exists has under way.
        """
        if not destroyed and self._executor._turns.thread is None:
            return
        for steps in list(self._owned):
            if steps.node is node and steps is not self.running:
                steps.end()

    def cancel_all(self) -> None:
        """Cancel every coroutine and every task that has not begun."""
        while self._deque:
            posted = self._deque.popleft()
            if isinstance(posted, Task):
                posted.cancel()
        self._executor._workers.cancel_waits()
        for steps in list(self._owned):
            steps.end()
        self._set_ended_in_block()

    def _set_ended_in_block(self) -> None:
        # A spin call ends with the executor, but the body of async with goes on as long as it
        # likes.
        if not self._owned and self._executor._is_shutdown and self._executor._errors.in_block():
            self._ended.set()

    def set_ended(self) -> None:
        """Nothing is under way, and nothing is watched any more."""
        self._ended.set()

    def wait_ended(self, timeout: float | None) -> bool:
        """Wait on another thread until nothing is under way after a shutdown."""
        return self._ended.wait(timeout)

    async def end(self, timeout: float | None = None) -> None:
        """Cancel everything and wait until it has ended. On the loop's thread."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout is None else loop.time() + timeout
        current = asyncio.current_task()
        self.cancel_all()
        for _ in range(_CANCEL_TURNS):
            await asyncio.sleep(0)
        while True:
            self.cancel_all()
            tasks = [s.task for s in self._owned if s.task is not None and s.task is not current]
            if not tasks:
                await asyncio.sleep(0)  # for what they have scheduled on their way out
                return
            left = None if deadline is None else max(0.0, deadline - loop.time())
            _, pending = await asyncio.wait(tasks, timeout=left)
            if pending and left is not None:
                return

    def close(self) -> None:
        """Run nothing posted any more."""
        self.entity.close()
