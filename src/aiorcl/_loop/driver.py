# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What gives an executor its turns on one loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from aiorcl._loop.aside import hiding
from aiorcl._loop.private import set_running_loop

if TYPE_CHECKING:
    from aiorcl import _core
    from aiorcl._loop.hooks import Hooks
    from aiorcl._loop.run import Run

P = ParamSpec("P")
T = TypeVar("T")


class Driver:
    """Runs a dispatcher on one loop. The loop's thread only.

    ``start`` and ``stop`` enclose the time in which entities are served while the loop runs;
    ``run_once`` serves at most one piece of work and needs neither. ``stop`` may follow whatever an
    interrupt has left of ``start``, and another ``stop``.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, dispatcher: _core.Dispatcher, hooks: Hooks, run: Run
    ) -> None:
        self.loop = loop
        self._dispatcher = dispatcher
        self._hooks = hooks
        self._run = run

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        """Run the loop, and serve entities, until the loop is stopped."""
        try:
            self.start()
            self._run.run_loop()
        finally:
            self.stop()

    def run_once(self, timeout: float | None) -> None:
        """Return when ``pieces`` of the run is not 0, the time is over, or it was interrupted."""
        raise NotImplementedError

    def _calling(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return a function of the dispatcher that calls what is ready, as it is to be called."""
        return hiding(function) if self._run.hides_loop else function

    def _run_first_steps(self) -> None:
        """Let the loop turn until the coroutines have begun that are part of this spin_once."""
        while self._run.beginning:
            stop = self.loop.call_soon(self._run.stop_loop)
            self._run.run_loop()
            stop.cancel()

    def _goes_on_inside(self) -> bool:
        """Tell whether the callback of a spin_once runs the loop: it may wait for all that comes.

        Then the spin_once is not limited to one piece of work any more.
        """
        inside = not self._run.nested and self._dispatcher.runs(None)
        if inside:
            self._run.once = False
        return inside

    def _nothing_came(self) -> bool:
        """Return False if this spin_once has done something, or can now."""
        run = self._run
        return not (run.pieces or run.interrupted or self._hooks.ask_guards())

    def _run_outside(self, piece: Callable[[], object]) -> None:
        """Run entities while the loop does not."""
        # Plain callbacks may ask for the running loop, as they may under spin().
        try:
            set_running_loop(self.loop)
            piece()
        finally:
            set_running_loop(None)

    def _count(self, callbacks: int) -> bool:
        """Return whether anything was done in this turn."""
        # After the callbacks: a step of a coroutine among them has counted itself.
        if callbacks:
            self._run.pieces += callbacks
            self._run.step_was_last = False
        return self._run.pieces > 0
