# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The signals that end a program."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import threading
from collections.abc import Callable
from socket import socket, socketpair
from types import FrameType
from typing import TYPE_CHECKING, Any

from rclpy.signals import (
    SignalHandlerOptions,
    get_current_signal_handlers_options,
    install_signal_handlers,
    uninstall_signal_handlers,
)

from aiorcl._loop.private import sockets_of

if TYPE_CHECKING:
    from typing import Self

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """SIGINT and SIGTERM, between ``with`` and its end: an interruption, but the first is patient.

    From ``end_patiently`` on the first only asks for the end, on the loop. rclpy's own handlers are
    not installed, or stand back. They shut the context down at once, and what nodes do at their
    end, such as to stop the motors, would fail. Handlers of the user's own stay; on another thread
    than the main one nothing is done.

    The loop's own handlers of signals are not used either: a signal that comes while one handler
    takes the place of another would be heard by neither, or end the process.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._handled_by_rclpy = SignalHandlerOptions.NO
        self._is_held = False  # nothing is raised here
        self._ask: Callable[[], object] | None = None  # for the end, once
        self._hurry: Callable[[], object] | None = None
        self.received = 0
        self._waking: tuple[socket, ...] = ()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._is_held = True
            try:
                self._take()
                if self.received:
                    raise KeyboardInterrupt
            except BaseException:
                self.__exit__()
                raise
            self._is_held = False
        return self

    def _take(self) -> None:
        self._handled_by_rclpy = get_current_signal_handlers_options()
        if self._handled_by_rclpy != SignalHandlerOptions.NO:
            uninstall_signal_handlers()  # of which Python knows nothing
        for number in _STOP_SIGNALS:
            handler = signal.getsignal(number)
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                self._before[number] = handler  # before: it may come at once
                signal.signal(number, self._received)

    def __exit__(self, *error: object) -> None:
        self._is_held = True
        if self._waking:
            signal.set_wakeup_fd(-1)
            for each in self._waking:
                each.close()
        for number, handler in reversed(self._before.items()):
            signal.signal(number, handler)  # that of SIGINT, which may raise, comes last
        if self._handled_by_rclpy != SignalHandlerOptions.NO:
            install_signal_handlers(self._handled_by_rclpy)

    def end_patiently(
        self,
        loop: asyncio.AbstractEventLoop,
        end: Callable[[], object],
        hurry: Callable[[], object],
    ) -> None:
        """From now on the first signal has the loop call ``end``; if it is closed nothing is.

        :param hurry: the loop calls it at every further one, besides what that raises.
        """
        self._hurry = functools.partial(loop.call_soon_threadsafe, hurry)
        self._ask = functools.partial(loop.call_soon_threadsafe, end)
        if self.received:  # what it has raised was lost, in a finalizer say
            self._ask_for_end()
        if self._before and not self._waking and sockets_of(loop):  # others have ways of their own
            self._wake(loop)

    def is_ending(self) -> None:
        """It ends anyway: the first signal has nothing to ask for any more."""
        if self.received == 0:
            self._ask = lambda: None

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have signals wake the loop, which is closed before the end of this.

        Python calls their handlers in the main thread, between two of its instructions. It may be
        about to wait, or another thread may have got the signal: it waits on then.
        """
        before = signal.set_wakeup_fd(-1)
        if before != -1:  # of the user's own
            signal.set_wakeup_fd(before)
            return
        self._waking = reader, writer = socketpair()
        for each in self._waking:
            each.setblocking(False)
        loop.add_reader(reader, reader.recv, 4096)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)

    def _received(self, number: int, frame: FrameType | None) -> None:
        self.received += 1
        if self._is_held:
            return
        if not self._ask_for_end():
            raise KeyboardInterrupt

    def _ask_for_end(self) -> bool:
        """Ask for the end, or to hurry; False if that was not the first time."""
        ask, self._ask = self._ask, None
        with contextlib.suppress(RuntimeError):  # the loop is closed: all ends already
            if ask is not None:
                ask()
            elif self._hurry is not None:
                self._hurry()
        return ask is not None
