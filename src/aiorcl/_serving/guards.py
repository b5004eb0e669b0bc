# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The guard conditions of each context, which its executors share."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING

from rclpy.signals import SignalHandlerGuardCondition

from aiorcl import _core

if TYPE_CHECKING:
    from rclpy.context import Context

_guards: weakref.WeakValueDictionary[int, Guards] = weakref.WeakValueDictionary()
_lock = threading.RLock()


class Guards:
    """The threads that wait for guard conditions of a context, and the one that signals trigger.

    Holds the context in use. Ends with the last executor that holds it.

    :ivar is_signalled: a signal was told of, and rclpy shuts the context down, perhaps later. Not
        all executors may have heard.
    """

    def __init__(self, context: Context) -> None:
        handle = context.handle
        if handle is None:
            raise RuntimeError("The context is not initialized: call rclpy.init() first")
        self._pid = os.getpid()
        self.is_signalled = False
        handle.__enter__()
        self._handle = handle
        #: Takes no lock: rclpy may hold its own while it waits for whoever asks.
        self.context = _core.ContextState(handle.pointer)
        try:
            self.signal = SignalHandlerGuardCondition(context)
            self.threads = _core.GuardThreads(handle.pointer)
        except BaseException:
            handle.__exit__(None, None, None)
            raise

    def __del__(self) -> None:
        if not hasattr(self, "threads"):
            return  # not initialized
        if self._pid != os.getpid():
            for what in (self.signal, self._handle):
                _core.keep_for_ever(what)  # rclpy would destroy what is the parent's
        else:
            del self.threads
            del self.signal
            self._handle.__exit__(None, None, None)


def guards_of(context: Context) -> Guards:
    """Return the guards of a context; make them with the first. Any thread."""
    if context.handle is None:
        raise RuntimeError("The context is not initialized: call rclpy.init() first")
    if not context.ok():  # or rclpy's own error would be followed by one in a finalizer
        raise RuntimeError("The context was shut down: make the executor with one that is up")
    with _lock:
        guards = _guards.get(context.handle.pointer)
        if guards is None:  # unless a signal handler makes them meanwhile
            guards = _guards.setdefault(context.handle.pointer, Guards(context))
        return guards


def _forget() -> None:
    """In a forked child: another thread of the parent may have had the lock."""
    global _lock
    _lock = threading.RLock()
    _guards.clear()


os.register_at_fork(after_in_child=_forget)
