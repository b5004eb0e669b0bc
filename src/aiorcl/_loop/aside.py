# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Sets the loop of a thread aside: for another one, or for callbacks that know of none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

from aiorcl._loop.blocks import block
from aiorcl._loop.private import running_loop, set_running_loop, swap_current_task

P = ParamSpec("P")
T = TypeVar("T")


class _Hidden(threading.local):
    """The loop that runs in a thread, while asyncio does not know that."""

    loop: asyncio.AbstractEventLoop | None = None


_hidden = _Hidden()


def loop_here() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, hidden or not; None if none does."""
    loop = running_loop()
    return _hidden.loop if loop is None else loop


@block
def aside(*, hides: bool = False) -> Iterator[None]:
    """No loop and no task run in this thread, as far as asyncio knows, until the block ends.

    What the loop had to do waits meanwhile, as it does for any function that takes its time.

    :param hides: it is still what `loop_here` returns.
    """
    loop, hidden, here = running_loop(), _hidden.loop, loop_here()
    # In this order, and back in the other one: a task runs on the running loop only.
    task = None if loop is None else swap_current_task(loop, None)
    set_running_loop(None)
    _hidden.loop = here if hides else None
    try:
        yield
    finally:
        _hidden.loop = hidden
        set_running_loop(loop)
        if loop is not None:
            swap_current_task(loop, task)


def hiding(function: Callable[P, T]) -> Callable[P, T]:
    """As the function; but callbacks that it calls may run a loop of their own.

    As far as asyncio knows none runs then. For a function that a loop calls, in no task.
    """

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        loop, outer = running_loop(), _hidden.loop
        try:
            set_running_loop(None)
            _hidden.loop = loop
            return function(*args, **kwargs)
        finally:
            _hidden.loop = outer
            set_running_loop(loop)

    return call


def shown(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function, inside of one that hides the loop, which has to see it."""
    loop = _hidden.loop
    if loop is None or running_loop() is not None:
        return function(*args, **kwargs)
    try:
        set_running_loop(loop)
        _hidden.loop = None
        return function(*args, **kwargs)
    finally:
        set_running_loop(None)
        _hidden.loop = loop
