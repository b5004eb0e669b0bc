# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Methods that are called at the end of the interpreter, or in a forked child: all of them.

from __future__ import annotations

import gc
import weakref

import pytest

from aiorcl._loop.weak_methods import WeakMethods


class Robot:
    """Something with an end that fails."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.ended = 0
        self._error = error

    def end(self) -> None:
        """Note it, and raise."""
        self.ended += 1
        if self._error is not None:
            raise self._error


def test_what_one_raises_keeps_no_other_from_its_end() -> None:
    """A Ctrl-C that comes into one does not either; nothing of that is lost."""
    error, interrupt = ValueError("the motors are gone"), KeyboardInterrupt()
    robots = [Robot(), Robot(interrupt), Robot(), Robot(error), Robot()]
    methods = WeakMethods()
    for robot in robots:
        methods.add(robot.end)
    with pytest.raises(ValueError, match="the motors are gone") as raised:
        methods.call_all()
    assert raised.value.__context__ is interrupt
    assert [robot.ended for robot in robots] == [1] * 5


def test_none_is_kept() -> None:
    """A method goes with its object, also while others are called."""

    class Holder(Robot):
        def end(self) -> None:
            super().end()
            held.clear()
            gc.collect()

    held, holder = [Robot()], Holder()
    known = weakref.ref(held[0])
    methods = WeakMethods()
    methods.add(holder.end)
    methods.add(held[0].end)
    methods.call_all()
    assert known() is None
    methods.call_all()
    assert holder.ended == 2
