# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The block of ``async with executor``."""

from __future__ import annotations

import asyncio
from types import FrameType
from typing import TYPE_CHECKING

from aiorcl._loop.aside import loop_here
from aiorcl._loop.shutdown_state import WAS_SHUT_DOWN
from aiorcl._tasks.block_cancellations import Cancellations

if TYPE_CHECKING:
    from aiorcl._loop.home import Home
    from aiorcl._loop.run import Run
    from aiorcl._loop.shutdown_state import ShutdownState
    from aiorcl._serving.nodes import Nodes
    from aiorcl._serving.shutdown import Shutdown
    from aiorcl._tasks.errors import Errors


def _cause(error: BaseException | None) -> BaseException | None:
    return error if isinstance(error, Exception) else None


class Block:
    """One executor is entered once, on the loop that runs then, and left there, by any task."""

    def __init__(
        self,
        state: ShutdownState,
        home: Home,
        run: Run,
        nodes: Nodes,
        errors: Errors,
        shutdown: Shutdown,
    ) -> None:
        self._state = state
        self._home = home
        self._run = run
        self._nodes = nodes
        self._errors = errors
        self._shutdown = shutdown
        self._left: asyncio.Future[None] | None = None
        self._is_entered = False
        self._cancellations: Cancellations | None = None

    def enter(self, frame: FrameType | None) -> None:
        """Serve the nodes; whatever fails leaves the executor as it was.

        :param frame: of the coroutine that has written the block; None if there is no body.
        """
        if self._state.shut_down:
            raise RuntimeError(WAS_SHUT_DOWN)
        loop = asyncio.get_running_loop()
        self._home.refuse_other(loop)
        if self._run.thread is not None:
            self._run.begin()  # raises
        try:
            driver = self._home.begin_block(loop)
            if self._state.let_go:  # by a signal handler or another thread, since it was asked
                raise RuntimeError(WAS_SHUT_DOWN)
            self._nodes.begin()
            self._errors.raise_first()  # what came while nothing ran, or just now
            driver.start()
            self._cancellations = Cancellations()
            self._errors.enter_body(frame)
            self._home.keep()
            self._is_entered = True
        except BaseException:
            if self._run.runs_here():  # else another thread was faster
                self._errors.forget_body()
                self._home.stop_driving()
                self._home.forget()
                self._run.end()
            raise

    async def leave(self, error: BaseException | None) -> None:
        """Wait until all has ended, and raise what is to be raised.

        Whoever is the second one to leave it waits for the first.

        :param error: by which the body ended.
        """
        if not self._is_entered:
            raise RuntimeError("The executor was not started")
        if isinstance(error, GeneratorExit) and not self._runs_here():
            # The coroutine in the body is thrown away, and nothing can be awaited.
            self._shutdown.begin()
            if not self._state.let_go:
                self._shutdown.let_go_of_block()
            return
        if self._state.is_parents:
            self._errors.take_back()
            await self._errors.leave_body(error)
            self._run.end()
            self._errors.raise_first(error)
            return
        loop = asyncio.get_running_loop()
        if loop is not self._run.loop:
            raise RuntimeError(
                "The executor was entered on another event loop: leave its block there, while that "
                "loop runs"
            )
        if self._left is not None:
            if not self._left.done():
                await asyncio.shield(self._left)
            return
        self._left = loop.create_future()
        is_ours = self._errors.take_back()
        cancellations, self._cancellations = self._cancellations, None
        cancellation = error if isinstance(error, asyncio.CancelledError) else None
        # What a body that raises something else has heard of is its own.
        is_heard = cancellation is None
        if is_heard or cancellations is None or not cancellations.are_of_current_task():
            cancellations = Cancellations(is_heard_of=is_ours)
        raises_other = error is not cancellation
        try:
            await self._errors.leave_body(error)
            came_first = self._errors.first is not None or cancellation is not None
            self._state.error = self._errors.first or _cause(error)
            self._shutdown.begin()
            cancellation = await self._shutdown.wait_in_block() or cancellation
            self._raise(error, cancellation, came_first=came_first)
        except asyncio.CancelledError:
            raise
        except BaseException:
            raises_other = True
            raise
        finally:
            if raises_other:
                cancellations.deliver_later(cancellation)
            self._left.set_result(None)
            self._errors.close()
            cancellation = None  # no cycle of the exception and this frame

    def _raise(
        self,
        error: BaseException | None,
        cancellation: asyncio.CancelledError | None,
        *,
        came_first: bool,
    ) -> None:
        """Raise what the block has brought, unless that is the error that is being raised."""
        try:
            if not came_first:
                self._errors.raise_after(error)
            self._errors.raise_first(error)
            if (name := self._shutdown.awaits_itself()) is not None:
                raise RuntimeError(
                    f"'{name}', a coroutine of the executor, awaits the task that leaves the "
                    "executor's block, and the block ends when its coroutines have: it was not "
                    "waited for. Leave the block in a task that none of them awaits"
                ) from cancellation
            if error is None and cancellation is not None:
                raise cancellation
        finally:
            del error, cancellation  # as in leave()

    def _runs_here(self) -> bool:
        driver = self._home.driver
        return driver is not None and driver.loop is loop_here()
