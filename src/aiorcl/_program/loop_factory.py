# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Event loops that a function of the user's makes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from aiorcl._core import is_coroutine
from aiorcl._serving.wrong_values import shown
from aiorcl._tasks.task import name_of_function

LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]


def new_loop_of(loop_factory: LoopFactory, caller: str) -> asyncio.AbstractEventLoop:
    """Return the loop that it makes.

    :param caller: the function of the user's call, as ``aiorcl.run()``.
    :raises TypeError, ValueError: with what it has returned, if that is none, or cannot be run.
    """
    loop: object = loop_factory()
    wrong = f"{caller}: the loop_factory returned"
    if is_coroutine(loop):
        name = name_of_function(loop)
        loop.close()  # or it would complain of never having been awaited
        raise TypeError(f"{wrong} no event loop, but a coroutine: write 'def {name}()'")
    if not isinstance(loop, asyncio.AbstractEventLoop):
        raise TypeError(f"{wrong} no event loop, but {shown(loop)}")
    if loop.is_closed() or loop.is_running():
        how = "is closed" if loop.is_closed() else "runs already"
        raise ValueError(f"{wrong} an event loop that {how}: it has to make a new one each time")
    return loop
