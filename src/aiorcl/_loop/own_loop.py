# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The loops that executors make for themselves, and close."""

from __future__ import annotations

import sys
from socket import socket
from typing import TYPE_CHECKING, Any

from aiorcl._loop.event_loop import EventLoop
from aiorcl._loop.private import set_running_loop, sockets_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sized

# Those of the loops that are open.
_sockets: set[socket] = set()


class OwnLoop(EventLoop):
    """A loop that its executor closes.

    Where both are collected together the finalizer of either may come first, and that of the
    executor still runs the loop, so that what is under way gets its cleanup. Nor may its sockets
    be finalized before: until the loop is closed they are in no cycle.
    """

    def __init__(self) -> None:
        super().__init__()
        self._aiorcl_sockets = sockets_of(self)
        _sockets.update(self._aiorcl_sockets)

    def close(self) -> None:
        super().close()
        _sockets.difference_update(self._aiorcl_sockets)

    def __del__(self) -> None:
        pass  # where asyncio's closes it


class NestableLoop(OwnLoop):
    """One that can be run inside a callback of its own, on a stack that is deeper by that.

    ``run_forever`` there turns the loop, with all that is scheduled on it, until ``stop``. Before
    it no loop and no task may be the one that runs in the thread: `aside` sees to that.
    """

    if TYPE_CHECKING:  # of asyncio's base class
        _ready: Sized
        _stopping: bool
        _run_once: Callable[[], None]
        _asyncgen_firstiter_hook: Callable[[AsyncGenerator[Any, Any]], None]
        _asyncgen_finalizer_hook: Callable[[AsyncGenerator[Any, Any]], None]

    def run_forever(self) -> None:
        """Run until ``stop()``, as every loop does."""
        if self.is_running():
            self._run_inside()
        else:
            super().run_forever()

    def _run_inside(self) -> None:
        # A loop calls as many handles in one turn as were ready when the turn began. It may be in
        # the middle of those, so there must not be fewer when it goes on.
        owed, stopping = len(self._ready), self._stopping
        hooks = sys.get_asyncgen_hooks()
        self._stopping = False
        set_running_loop(self)
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        try:
            while not self._stopping:
                self._run_once()
        finally:
            set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)
            self._stopping = stopping
            # One at least: its selector, if that has called us, looks what is due by now.
            for _ in range(max(1, owed - len(self._ready))):
                self.call_soon(_nothing)


def _nothing() -> None:
    pass
