# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Has something happen before an instruction of Python, or a line; and where that can be traced.

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

#: Of tests that trace instructions.
TRACES_INSTRUCTIONS = pytest.mark.skipif(
    sys.version_info[:2] == (3, 12),
    reason="CPython 3.12 may crash, or trace nothing, where instructions are traced",
)


class Between:
    """A trace function that calls another one before the n-th instruction of a folder, once.

    :param folder: of the package, such as ``"_tasks"``.
    :param lines: count lines instead.
    """

    def __init__(
        self, folder: str, number: int, function: Callable[[], object], *, lines: bool = False
    ) -> None:
        self._folder = f"/aiorcl/{folder}/"
        self._event = "line" if lines else "opcode"
        self._left = number
        self._function = function

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if self._folder not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = self._event == "opcode"
        if event == self._event:
            self._left -= 1
            if self._left == -1:
                self._function()
        return self


@contextlib.contextmanager
def traced(trace: Between) -> Iterator[None]:
    """Trace what this thread calls until the end."""
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@contextlib.contextmanager
def interrupted(folder: str, number: int) -> Iterator[None]:
    """Raise KeyboardInterrupt at the n-th of the points of a folder at which Python itself does.

    These are the first lines of its functions, and the ends of what it calls of C.
    """
    left = number

    def profile(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        if f"/aiorcl/{folder}/" in frame.f_code.co_filename and event in {"call", "c_return"}:
            left -= 1
            if left == -1:
                raise KeyboardInterrupt

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)
