# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Is interrupted by Ctrl-C while it imports the extension, at each Python call that this makes.
"""Each time in a forked child; prints how it ended, and where it was interrupted."""

from __future__ import annotations

import atexit  # noqa: F401  # whose import is not what is interrupted
import os
import signal
import sys
import warnings
from importlib.machinery import ExtensionFileLoader
from types import FrameType
from typing import Any

import rclpy.impl.implementation_singleton  # noqa: F401  # as aiorcl does before
from rclpy.clock import Clock


class Interrupt:
    """Ctrl-C at the n-th Python call that the loader makes for the extension."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.calls = 0
        self.where = "nowhere"

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Count the call."""
        if event != "call":
            return
        self.calls += 1
        if self.calls == self.at:
            sys.setprofile(None)
            self.where = f"{frame.f_code.co_filename} {frame.f_code.co_name}"
            signal.raise_signal(signal.SIGINT)


def interrupt_loader(interrupt: Interrupt) -> None:
    """Let the loader be interrupted, once."""

    def interrupted(load: Any) -> Any:
        def run(loader: Any, argument: Any) -> Any:
            if loader.name != "aiorcl._core":
                return load(loader, argument)
            sys.setprofile(interrupt)
            try:
                return load(loader, argument)
            finally:
                sys.setprofile(None)

        return run

    for method in ("create_module", "exec_module"):
        load = getattr(ExtensionFileLoader, method)
        setattr(ExtensionFileLoader, method, interrupted(load))


def import_again() -> str:
    """Import what an interrupted import has left, use it, and say how that went."""
    import aiorcl

    aiorcl.new_event_loop().close()
    dispatcher = aiorcl._core.Dispatcher()
    alarm = aiorcl._core.Alarm(dispatcher, Clock(), 0, lambda _: None)
    dispatcher.run(alarm, 1, 0)  # which asks no hooks
    return f"then it works, and {dispatcher.callbacks} callback ran"


def child(number: int) -> None:
    """Import, and print how that ended."""
    interrupt = Interrupt(number)
    interrupt_loader(interrupt)
    try:
        import aiorcl
    except BaseException as error:
        print(f"{type(error).__name__} in {interrupt.where}; {import_again()}")
    else:
        print(f"{aiorcl.__name__} after {interrupt.calls} calls")


def main() -> None:
    """Go on until no call is left to be interrupted."""
    # The threads of the libraries that rclpy loads are idle; Python 3.12 and newer warn of them.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    number = 0
    text = ""
    while "after" not in text:
        number += 1
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(write, sys.stdout.fileno())
            child(number)
            sys.stdout.flush()
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as heard:
            text = heard.read()
        status = os.waitpid(pid, 0)[1]
        print(f"status {status}, {text.strip()}", flush=True)


main()
