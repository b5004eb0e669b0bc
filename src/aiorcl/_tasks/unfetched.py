# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Exceptions of tasks: those who await the task may handle them, else the executor raises them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from aiorcl._loop.aside import loop_here
from aiorcl._loop.by_identity import ByIdentity
from aiorcl._loop.mailbox import Mailbox
from aiorcl._loop.run import Run
from aiorcl._tasks.errors import Errors
from aiorcl._tasks.inline import InlineCallback

# Somebody who has been handed the task may begin to await it a turn of the loop later:
# asyncio.gather() and its kin make a task of their own for that.
_TURNS = 2


class Failed(Protocol):
    """A task that has ended with an exception."""

    def fetched(self) -> bool:
        """True if somebody was given the exception."""
        ...

    def unfetched(self) -> BaseException:
        """Nobody was: return it to the executor."""
        ...


# Tasks whose exception is on its way to those who await them, and to how many. Weakly: what an
# executor has knows its tasks, which would never be collected.
_expected: ByIdentity[Any, tuple[weakref.ref[Unfetched], int]] = ByIdentity()


def abandon(future: object) -> None:
    """One who awaited ``future`` was woken, but left without its outcome."""
    found = _expected.pop(future)
    if found is None:
        return
    reference, count = found
    if count > 1:
        _expected[future] = reference, count - 1
        return
    unfetched = reference()
    if unfetched is not None:
        unfetched.doubt(future)  # type: ignore[arg-type]  # only these are expected


class _AfterCallbacks:
    """Comes in the mailbox after the done callbacks of a task, which may have fetched."""

    def __init__(self, doubt: Callable[[], None]) -> None:
        self._doubt = doubt

    def __call__(self) -> bool:
        self._doubt()
        return False

    def cancel(self) -> None:
        self._doubt()


class Unfetched:
    """Waits whether somebody fetches the exceptions of tasks. The loop's thread.

    Those who await the task get it, and it is theirs; done callbacks have it while they run. Nobody
    else has fetched it two turns of the loop later, or when the spin_once ends that ran the task:
    then the executor raises it.
    """

    def __init__(self, run: Run, mailbox: Mailbox, errors: Errors) -> None:
        self._run = run
        self._mailbox = mailbox
        self._errors = errors
        self._doubtful: dict[Failed, None] = {}
        self._is_closed = False

    def add(self, task: Failed, callbacks: Iterable[object]) -> None:
        """A task has failed, and has told these done callbacks of it."""
        if task.fetched():
            return
        inline = [each for each in callbacks if isinstance(each, InlineCallback)]
        waiters = sum(each.awaits for each in inline)
        if waiters:
            _expected[task] = weakref.ref(self), waiters
        elif len(inline) < sum(1 for _ in callbacks):
            self._mailbox.post_task(_AfterCallbacks(lambda: self.doubt(task)))
        else:
            self.doubt(task)

    def never(self, task: Failed, error: BaseException) -> None:
        """A task has raised what nobody is to fetch: the executor raises it."""
        self._errors.add(task, error)

    def doubt(self, task: Failed) -> None:
        """Perhaps nobody fetches it."""
        self._doubtful[task] = None
        loop = loop_here()
        if loop is self._run.loop is not None and not (self._run.once and self._run.runs_here()):
            self._look_later(task, _TURNS)
        elif self._is_closed:
            self._decide(task)

    def _look_later(self, task: Failed, turns: int) -> None:
        loop = loop_here()
        assert loop is not None  # the executor's
        loop.call_soon(self._look, task, turns)

    def _look(self, task: Failed, turns: int) -> None:
        if task not in self._doubtful:
            return
        if turns > 1 and not task.fetched():
            self._look_later(task, turns - 1)
        else:
            self._decide(task)

    def _decide(self, task: Failed) -> None:
        del self._doubtful[task]
        if not task.fetched():
            self._errors.add(task, task.unfetched())

    def end_spin_once(self) -> None:
        """A spin_once ends: let those begin that would await what has failed in it, and decide."""
        if self._doubtful:
            for _ in range(_TURNS):
                self._run.turn_loop()
            self.decide()

    def close(self) -> None:
        """The executor has ended: nobody calls decide() any more."""
        self._is_closed = True
        self.decide()

    def decide(self) -> None:
        """What nobody has fetched by now is the executor's."""
        for task in list(self._doubtful):
            self._decide(task)
