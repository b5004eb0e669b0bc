# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A loop that runs inside its own callbacks.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from aiorcl._loop.aside import aside
from aiorcl._loop.own_loop import NestableLoop


@pytest.fixture
def loop() -> Iterator[NestableLoop]:
    """A loop that ends with the test."""
    with contextlib.closing(NestableLoop()) as loop:
        yield loop


def inside(loop: NestableLoop) -> None:
    """Run it in one of its callbacks, until it is stopped."""
    with aside():
        loop.run_forever()


def test_what_is_ready_runs_once(loop: NestableLoop) -> None:
    """What the outer turn would have called next the inner one calls, and nothing is lost."""
    calls: list[str] = []

    def first() -> None:
        calls.append("first")
        loop.call_soon(loop.stop)
        inside(loop)
        calls.append("first ends")
        loop.call_soon(loop.stop)

    loop.call_soon(first)
    for name in ("second", "third"):
        loop.call_soon(calls.append, name)
    loop.run_forever()
    assert calls == ["first", "second", "third", "first ends"]


def test_tasks_go_on_inside(loop: NestableLoop) -> None:
    """A task runs it in one of its steps: others make steps, and it is the current one after it."""

    async def other() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        assert asyncio.current_task() is tasks[0]
        loop.stop()
        return "other"

    async def main() -> str:
        current = asyncio.current_task()
        tasks.append(task := loop.create_task(other()))
        inside(loop)
        assert asyncio.current_task() is current
        assert asyncio.get_running_loop() is loop
        async with asyncio.timeout(20):
            return await task

    tasks: list[asyncio.Task[str]] = []
    assert loop.run_until_complete(main()) == "other"


@pytest.mark.parametrize("depth", [1, 5])
def test_a_stop_ends_the_innermost(loop: NestableLoop, depth: int) -> None:
    """One for each; and one that came before the inner run still holds for the outer."""
    ended: list[int] = []

    def nest(level: int) -> None:
        if level == depth:
            loop.stop()
            return
        loop.call_soon(nest, level + 1)
        inside(loop)
        ended.append(level)
        loop.stop()

    loop.call_soon(nest, 0)
    loop.run_forever()
    assert ended == [*reversed(range(depth))]

    def stopped() -> None:
        loop.stop()
        loop.call_soon(loop.stop)
        inside(loop)

    loop.call_soon(stopped)
    loop.run_forever()


def test_another_loop_runs_meanwhile(loop: NestableLoop) -> None:
    """A loop of any kind may run where this one is set aside, and this one inside of that."""

    async def main() -> None:
        current = asyncio.current_task()
        with aside(), contextlib.closing(asyncio.new_event_loop()) as other:
            other.run_until_complete(within(other))
        assert asyncio.current_task() is current
        assert asyncio.get_running_loop() is loop

    async def within(other: asyncio.AbstractEventLoop) -> None:
        await asyncio.sleep(0)
        loop.call_soon_threadsafe(loop.stop)
        inside(loop)
        assert asyncio.get_running_loop() is other
        await asyncio.sleep(0)

    loop.run_until_complete(main())


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_leaves_both(loop: NestableLoop, error: type[BaseException]) -> None:
    """It comes out of the inner run, and the loop can be run again after it."""

    def fail() -> None:
        raise error()

    def callback() -> None:
        loop.call_soon(fail)
        inside(loop)

    loop.call_soon(callback)
    with pytest.raises(error):
        loop.run_forever()
    loop.call_soon(loop.stop)
    loop.run_forever()
