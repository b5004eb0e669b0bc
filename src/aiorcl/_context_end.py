# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Learns that a context is shut down: by rclpy from any thread, or by a signal."""

from __future__ import annotations

import asyncio
import threading
import weakref
from typing import TYPE_CHECKING

from rclpy.exceptions import InvalidHandle
from rclpy.signals import SignalHandlerGuardCondition

from aiorcl import _core

if TYPE_CHECKING:
    from aiorcl.executor import AsyncioExecutor


class ContextEnd:
    """The end of the executor's context.

    A signal reaches Python by a guard condition only, rclpy's own shutdown by ``on_shutdown`` only:
    both are followed. ``outside``: not by a callback of this executor.
    """

    def __init__(self, executor: AsyncioExecutor) -> None:
        self._executor = weakref.ref(executor)
        self._waiters: set[asyncio.Future[None]] = set()
        context = executor.context
        self.came = self.outside = not context.ok()
        self._signal: SignalHandlerGuardCondition | None = SignalHandlerGuardCondition(context)
        signalled = weakref.WeakMethod(self._signalled)
        self._signal.callback = lambda: (method := signalled()) and method()
        self._entity = _core.GuardCondition(
            executor._dispatcher, self._signal, None, "signal", executor._guards.thread
        )
        context.on_shutdown(self._shut_down)

    def _shut_down(self) -> None:
        # Called under the lock of the context, which on Jazzy is not recursive: no question to it
        # here.
        executor = self._executor()
        self.came = True
        if executor is None or executor._turns.thread == threading.get_ident():
            self.tell()
        else:
            self.outside = True
            executor._work.post(self.tell)

    def _signalled(self) -> None:
        # Not asked whether the context is down: rclpy's signal thread triggers the guard conditions
        # first and shuts every context down then, and nothing tells of that.
        self.came = self.outside = True
        self.tell()

    def tell(self) -> bool:
        """Bring back whoever waits, and the spin call that is under way. Returns False."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        executor = self._executor()
        if executor is not None:
            executor._turns.interrupt()
        return False

    async def wait(self) -> None:
        """Return after tell()."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def close(self) -> None:
        """Follow signals no more."""
        self._entity.close()
        signal, self._signal = self._signal, None
        if signal is not None:
            signal.callback = None
            try:
                signal.destroy()
            except InvalidHandle:
                pass  # with its context
