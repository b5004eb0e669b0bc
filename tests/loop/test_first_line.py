# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A thread that has called a function and not come to its first line is waited for.

from __future__ import annotations

import functools
import os
import sys
import threading
from typing import TextIO

import pytest

from aiorcl._loop import first_line


def a_full_pipe() -> tuple[int, TextIO]:
    """Return where to read, and a file that blocks whoever writes a line, in C."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    try:
        while True:
            os.write(writable, b"x" * 65536)
    except BlockingIOError:
        os.set_blocking(writable, True)
    return readable, os.fdopen(writable, "w", buffering=1)


def test_a_thread_that_is_about_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """let_begin returns when the function has begun, and not before."""
    monkeypatch.setattr(first_line, "_PATIENCE_SEC", 60.0)
    readable, file = a_full_pipe()
    events: list[str] = []
    may_end = threading.Event()
    closed = "in a cell"

    def function() -> None:
        sys.setprofile(None)
        events.append(f"begun, {closed}")
        may_end.wait()

    def call() -> None:
        # It is told of the call before the first line, and keeps the thread there without a frame.
        sys.setprofile(functools.partial(print, file=file))
        function()

    caller = threading.Thread(target=call)
    caller.start()
    assert caller.ident is not None
    while getattr(sys._current_frames().get(caller.ident), "f_code", None) != function.__code__:
        pass

    questions = threading.Semaphore(0)

    def runs() -> bool:
        questions.release()
        return True

    def wait() -> None:
        assert caller.ident is not None
        first_line.let_begin(caller.ident, runs)
        events.append("waited")

    waiter = threading.Thread(target=wait)
    waiter.start()
    for _ in range(3):  # whoever asks again has not been told that it has begun
        questions.acquire()
    assert events == []
    os.read(readable, 1 << 20)
    waiter.join()
    may_end.set()
    caller.join()
    assert sorted(events) == ["begun, in a cell", "waited"]
    file.close()
    os.close(readable)


def test_a_thread_that_is_held_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for ever, and not at all for what does not run."""
    monkeypatch.setattr(first_line, "_PATIENCE_SEC", 0.0)
    monkeypatch.setattr(first_line, "_is_before_first_line", lambda thread: True)
    first_line.let_begin(0, lambda: True)
    monkeypatch.setattr(first_line, "_PATIENCE_SEC", 60.0)
    first_line.let_begin(0, lambda: False)
