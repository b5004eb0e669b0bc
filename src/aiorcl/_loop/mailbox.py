# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What any thread has for the one that runs the executor: users' tasks, the executor's own jobs."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

from aiorcl import _core
from aiorcl._loop.aside import shown


class Postable(Protocol):
    """A task of the user's."""

    def __call__(self) -> bool:
        """Run it on the loop's thread; False if that ran nothing of the user's yet."""
        ...

    def cancel(self) -> None:
        """End it before it has begun. Any thread."""
        ...


class Mailbox:
    """Tasks take their turns between the callbacks of entities, in their order, one at a time.

    Jobs, the executor's own work, go before all that is ready, and are done all at once. A task
    that comes after ``refuse_tasks`` is cancelled: each is either run, or cancelled by the end, or
    refused. Any thread, also inside a finalizer or a signal handler: no lock is held, so none can
    be held already.
    """

    def __init__(self, dispatcher: _core.Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._tasks: deque[Postable] = deque()
        self._jobs: deque[Callable[[], object]] = deque()
        #: One item for each job of another thread that the run has to do before it ends.
        self.due: deque[None] = deque()
        self._refuses = False
        #: Whose statistics are those of tasks.
        self.entity = _core.Posted(dispatcher, self._tasks)
        self._own = _core.Jobs(dispatcher, partial(shown, self.do_jobs))

    def post_task(self, task: Postable) -> None:
        """Run a task in its turn, or cancel it if there will be none."""
        self._tasks.append(task)
        # In this order: what is appended before the flag is set is found by cancel_tasks().
        if self._refuses:
            self._refuse_last()
        else:
            self.entity.post()

    def _refuse_last(self) -> None:
        # One and no more: what cancel_tasks() cancels posts its done callbacks, which are refused
        # inside of that, and would each cancel the next of those that wait, at a depth of its own.
        try:
            task = self._tasks.pop()
        except IndexError:
            return  # another thread was faster
        task.cancel()

    def refuse_tasks(self) -> None:
        """From now on tasks are cancelled, those that wait included."""
        self._refuses = True
        self.cancel_tasks()

    def cancel_tasks(self) -> None:
        """Cancel the tasks that have not begun."""
        while self._tasks:
            try:
                task = self._tasks.popleft()
            except IndexError:
                return  # another thread was faster
            task.cancel()

    def post_job(self, job: Callable[[], object], *, first: bool = False) -> None:
        """Have the loop's thread do something of the executor's own, after what it does now.

        What another thread posts is done before the run ends. If nothing runs, in the next one.
        """
        if first:
            self._jobs.appendleft(job)
        else:
            self._jobs.append(job)
        self._own.post()
        self.job_posted()

    def job_posted(self) -> None:
        """Have the jobs done before the run ends, if this is another thread."""
        # After the job: whoever empties this first finds it.
        if not self._dispatcher.runs_here():
            self.due.append(None)

    def do_jobs(self) -> None:
        """Do the jobs that came so far, and after one callback of others those that came meanwhile.

        What a KeyboardInterrupt comes into is done once more: a job stays until it is done.
        """
        self.due.clear()
        try:
            for job in self._heads(len(self._jobs)):
                try:
                    job()
                except KeyboardInterrupt:
                    raise
                except BaseException:
                    self._strike_out(job)
                    raise
                self._strike_out(job)
        finally:
            self.post_jobs()

    def _heads(self, count: int) -> Iterator[Callable[[], object]]:
        for _ in range(count):
            try:
                yield self._jobs[0]
            except IndexError:
                return  # the last one has made forget_jobs() do its work

    def _strike_out(self, job: Callable[[], object]) -> None:
        # Where another thread has put an equal one before it meanwhile, one of both stays.
        with contextlib.suppress(ValueError):
            self._jobs.remove(job)

    def post_jobs(self) -> None:
        """Have the run do the jobs, if there are any."""
        if self._jobs:
            self._own.post()

    def forget_jobs(self) -> None:
        """Do none of the jobs that came so far."""
        self._jobs.clear()
        self.due.clear()

    def close(self) -> None:
        """Nothing is run any more."""
        self.forget_jobs()
        self._own.close()
        self.entity.close()


class SingleJob:
    """A job that is pending once at most: what comes meanwhile is seen when it is done."""

    def __init__(self, mailbox: Mailbox, job: Callable[[], Any]) -> None:
        self._mailbox = mailbox
        self._job = job
        self._pending = False

    def post(self) -> None:
        """Any thread."""
        if not self._pending:
            try:
                self._pending = True
                self._mailbox.post_job(self._do)
            except BaseException:  # an interrupt
                self._pending = False
                raise
        else:
            self._mailbox.job_posted()

    def _do(self) -> None:
        self._pending = False  # before: a change during the job is one for the next
        self._job()
