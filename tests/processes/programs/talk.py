# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How a child talks to the test that started it.

import faulthandler
import sys


def set_deadline(seconds: float = 50) -> None:
    """End this process, with the stacks of all threads on stderr, if it still runs by then."""
    faulthandler.dump_traceback_later(seconds, exit=True)


def say(words: object) -> None:
    """Send one line to the test, in one piece: several threads may do so."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def listen() -> str:
    """Wait for one line of the test."""
    return sys.stdin.readline().rstrip("\n")
