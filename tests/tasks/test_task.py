# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A task that is cancelled by another thread while the executor takes it up.

from __future__ import annotations

import gc
import sys
import warnings
from typing import Any

import pytest
from rclpy.context import Context

from aiorcl import AsyncioExecutor
from tests.support.elsewhere import call_elsewhere
from tests.support.instructions import TRACES_INSTRUCTIONS, Between
from tests.support.turns import turns


def cancelled_before(number: int, executor: AsyncioExecutor, steps: list[str]) -> bool:
    """Cancel a task before an instruction of ours in the spin that begins it, if there is one."""
    has_come: list[int] = []

    async def work() -> None:
        steps.append("begun")
        await turns(100)
        steps.append("ended")

    task = executor.create_task(work)

    def cancel() -> None:
        has_come.append(number)
        call_elsewhere(task.cancel)

    sys.settrace(Between("_tasks", number, cancel))
    executor.spin_once(timeout_sec=0)
    sys.settrace(None)
    for _ in range(4):
        executor.spin_once(timeout_sec=0)
    task.cancel()
    assert task.cancelled()
    for _ in range(4):
        executor.spin_once(timeout_sec=0)
    return bool(has_come)


@TRACES_INSTRUCTIONS
def test_cancelled_while_it_is_taken_up(context: Context, no_collector: None) -> None:
    """At any instruction: no coroutine is left that would complain that it was never awaited."""
    steps: list[str] = []
    number = 0
    with (
        AsyncioExecutor(context=context) as executor,
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        while cancelled_before(number, executor, steps):
            number += 1
        gc.collect()
    assert [str(each.message) for each in warned] == []
    assert number > 20
    assert "ended" not in steps


@pytest.mark.parametrize("handler", [print, turns])
def test_completed_before_it_begins(context: Context, handler: Any) -> None:
    """A task that somebody else has given a result does nothing."""
    with (
        AsyncioExecutor(context=context) as executor,
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        task = executor.create_task(handler)
        task.set_result(1)
        executor.spin_once(timeout_sec=0)
        del task
        gc.collect()
    assert [str(each.message) for each in warned] == []
