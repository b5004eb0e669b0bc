# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The coroutines that an executor owns: it has started them, and it ends them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from aiorcl._loop.aside import shown
from aiorcl._loop.home import cancel_turns
from aiorcl._loop.private import running_loop
from aiorcl._tasks.awaiters import awaiters_of, until_a_step
from aiorcl._tasks.coroutine_steps import Outcome, Steps

if TYPE_CHECKING:
    from aiorcl import _core
    from aiorcl._loop.mailbox import Mailbox
    from aiorcl._loop.run import Run

# The least time between two looks at what an end waits for.
_LOOK_SEC = 0.05


class OwnedCoroutines:
    """Coroutines that run as asyncio tasks until they end or are ended. The loop's thread.

    ``running``: whose step is on the stack. ``slow_ns``: from where on ``on_slow_step`` is told of
    a step, by its name, what it took, and its owner.
    """

    def __init__(self, run: Run, mailbox: Mailbox) -> None:
        self.run = run
        self.mailbox = mailbox
        self._owned: set[Steps] = set()
        self.running: Steps | None = None
        self._spared: set[Steps] = set()
        self._leaver: asyncio.Task[Any] | None = None  # waits until all others have ended
        #: The coroutine that awaits this task, which would wait for it, and so for itself.
        self.awaits_leaver: Steps | None = None
        self.slow_ns: int | None = None
        self.on_slow_step: Callable[[str, int, object], None] = lambda name, took_ns, owner: None
        #: The collector takes them, together with the executor.
        self.are_collected = False
        #: Called at each look at what an end waits for; returns True for another one soon.
        self.on_wait: Callable[[], bool] = lambda: False
        #: Called when one of them has ended, if set.
        self.on_ended: Callable[[], None] | None = None

    @property
    def entity(self) -> _core.Entity:
        """Whose statistics are those of tasks."""
        return self.mailbox.entity

    def start(
        self,
        coroutine: Coroutine[Any, Any, Any],
        outcome: Outcome,
        owner: object | None = None,
        context: contextvars.Context | None = None,
    ) -> None:
        """Run a coroutine as an asyncio task, with its first step now where Python can.

        :param owner: the node with which it ends.
        :param context: its context variables; those of the caller, copied, if None.
        """
        steps = Steps(self, coroutine, outcome, owner)
        del outcome  # which may keep an exception, whose frames keep this one
        try:
            self._owned.add(steps)
            assert self.run.loop is not None  # which runs
            if running_loop() is None:  # a plain callback has returned the coroutine
                shown(steps.start, self.run.loop, context)
            else:
                steps.start(self.run.loop, context)
        except BaseException:  # an interrupt: what made the task did not come to its end
            steps.close()
            raise

    def ended(self, steps: Steps) -> None:
        """Forget a coroutine that came to its end."""
        self._owned.discard(steps)
        if self.on_ended is not None:
            self.on_ended()

    def remain(self) -> bool:
        """True while a coroutine is under way."""
        return bool(self._owned)

    def include(self, tasks: set[asyncio.Task[Any]]) -> bool:
        """Tell whether one of these tasks runs a coroutine of these."""
        return any(steps.task in tasks for steps in self._owned)

    def tasks(self) -> set[asyncio.Task[Any]]:
        """Return the tasks of those under way."""
        return {steps.task for steps in self._owned if steps.task is not None}

    def awaited(self) -> set[Steps]:
        """Return those for which the end waits, of those under way."""
        return self._owned - self._spared

    def leave_to_parent(self) -> None:
        """In a forked child: run no coroutine any more but those that are on the stack."""
        for steps in list(self._owned):
            if not steps.cr_running:
                steps.leave_to_parent()

    def tasks_of(self, owner: object) -> set[asyncio.Task[Any]]:
        """Return the tasks of the coroutines of a node that are under way."""
        tasks = {steps.task for steps in list(self._owned) if steps.owner is owner}
        return {task for task in tasks if task is not None}

    def cancel_those_of(self, owner: object, *, begun: bool = False) -> None:
        """Cancel the coroutines of a node, but never the calling one.

        :param begun: let one that has not begun come to its first suspension before: what it was
            called with would be lost.
        """
        for steps in list(self._owned):
            if steps.owner is owner and steps is not self.running:
                steps.end(begun=begun, with_node=True)

    def leave(self) -> None:
        """The task that runs waits for the end of all: do not cancel it, and do not wait for it."""
        self._leaver = asyncio.current_task()
        if self.running is not None:
            self._spared.add(self.running)

    def _spare_who_awaits_leaver(self) -> None:
        """Do not wait for those that have got their cancellation, and wait for this wait.

        What may be brought by others, as by a semaphore, is waited for as long as others are there.
        """
        if self._leaver is None:
            return
        for guess in (False, True):
            awaiters = awaiters_of(self._leaver, guess=guess)
            left = self._owned - self._spared
            waiting = {steps for steps in left if steps.task in awaiters}
            if guess and waiting != left:
                return
            self._spared |= waiting
            for steps in waiting:
                self.awaits_leaver = steps

    def cancel_all(self) -> None:
        """Cancel every coroutine, once, and every task that has not begun.

        Those of a loop that was closed get no step any more, and end here.
        """
        self.mailbox.cancel_tasks()
        loop = self.run.loop
        for steps in list(self._owned):
            if loop is not None and loop.is_closed():
                steps.close()
            elif steps not in self._spared:
                steps.end()

    def _end_torn(self) -> None:
        for steps in list(self._owned):
            if steps.is_torn():
                steps.end_torn()

    def cancel_again(self) -> None:
        """Let the next end cancel what this one has cancelled: it was interrupted."""
        for steps in self._owned:
            steps.end_again()

    async def end(self, timeout: float | None = None) -> None:
        """Cancel everything and wait until it has ended."""
        loop = asyncio.get_running_loop()
        self._end_torn()
        deadline = None if timeout is None else loop.time() + timeout
        self.cancel_all()
        await cancel_turns()
        while True:
            self.cancel_all()
            self._spare_who_awaits_leaver()
            tasks = [
                steps.task
                for steps in list(self._owned)
                if steps.task is not None and steps not in self._spared
            ]
            if not tasks:
                await asyncio.sleep(0)  # for what they have scheduled on their way out
                return
            left = None if deadline is None else max(0.0, deadline - loop.time())
            looks_soon = self.on_wait()
            if self._leaver is not None and not looks_soon:
                await until_a_step(set(tasks))  # they may await it only later in their cleanup
            if self._leaver is not None or looks_soon:
                left = _LOOK_SEC if left is None else min(left, _LOOK_SEC)
            _, pending = await asyncio.wait(tasks, timeout=left)
            if pending and deadline is not None and loop.time() >= deadline:
                return
