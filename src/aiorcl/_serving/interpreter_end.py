# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the end of the interpreter does about an executor that nobody has shut down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiorcl._loop.interpreter_exit import (
    at_exit,
    end_when_main_ends,
    give_up_when_main_ends,
    join_threads,
    waits_in_vain,
)

if TYPE_CHECKING:
    from aiorcl._loop.run import Run
    from aiorcl._loop.shutdown_state import ShutdownState
    from aiorcl._serving.shutdown import Shutdown
    from aiorcl._tasks.errors import Errors
    from aiorcl._tasks.workers import Workers

# How long the end of the interpreter waits for a coroutine, or a thread, that may refuse to end.
_EXIT_SEC = 1.0


class InterpreterEnd:
    """Ends one executor with the interpreter, for as long as somebody holds this."""

    def __init__(
        self, state: ShutdownState, run: Run, errors: Errors, workers: Workers, shutdown: Shutdown
    ) -> None:
        self._state = state
        self._run = run
        self._errors = errors
        self._workers = workers
        self._shutdown = shutdown
        at_exit(self.come)
        give_up_when_main_ends(self._give_up)
        end_when_main_ends(self._end_for_workers)

    def come(self) -> None:
        """End what nobody has shut down, before the interpreter goes."""
        if self._state.is_parents:
            return
        try:
            self._end()
        finally:
            if self._run.thread is None:
                self._shutdown.let_go()

    def _give_up(self) -> None:
        if self._workers.nothing_answers() and not self._state.is_parents:
            self._workers.cancel_waits()

    def _end_for_workers(self) -> None:
        """End what nobody has shut down, if its workers call, before Python waits for threads.

        It does so for workers, too, and they may wait for the loop. Not if it waits for a thread
        that runs the executor. Others get some time to do so: they may wait for a worker, too.
        """
        if self._state.is_parents:
            return
        join_threads(self._waits_for_workers, _EXIT_SEC)
        if self._waits_for_workers():
            try:
                self._shutdown.waits_for_workers = True
                self._end()
            finally:  # if an interrupt ends the wait, Python waits no more
                self._shutdown.waits_for_workers = False

    def _waits_for_workers(self) -> bool:
        return self._workers.keep_interpreter() and waits_in_vain(self._run.last_thread)

    def _end(self) -> None:
        if self._run.thread is None or self._run.is_abandoned():  # nobody raises what has come
            self._errors.close()
        self._shutdown.come_to_end(_EXIT_SEC)
