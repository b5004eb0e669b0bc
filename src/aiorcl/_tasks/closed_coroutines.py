# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Coroutines that Python has closed without us, as the collector does together with an executor."""

from __future__ import annotations

from types import CoroutineType
from typing import Any


def was_closed(error: BaseException, *, are_collected: bool) -> bool:
    """Tell whether Python refuses a step, as the coroutine came to its end without us.

    The collector closes one that goes together with its executor, and is older.

    :param are_collected: their executor is: then it may be one whose end this one awaited, too.
    """
    if type(error) is not RuntimeError or error.args != ("cannot reuse already awaited coroutine",):
        return False
    traceback = error.__traceback__
    # Else the coroutine has raised it, in a frame of its own.
    return are_collected or (traceback is not None and traceback.tb_next is None)


def awaits_closed(coroutine: Any) -> bool:
    """Tell whether the collector has closed a coroutine in the middle of a chain of them.

    As it closes those that go together with their executor. The next one could only be told that
    Python refuses the step: it hears of its end as the closed one did, by GeneratorExit.
    """
    while isinstance(coroutine, CoroutineType):
        if coroutine.cr_frame is None:
            return True
        coroutine = coroutine.cr_await
    return False
