# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A KeyboardInterrupt between any two lines, of ours or of asyncio: the executor still ends.

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rclpy.context import Context

from aiorcl import AsyncioExecutor
from aiorcl._loop.run import Run
from aiorcl._tasks.coroutine_steps import Steps
from tests.support.turns import Turn

#: Much longer than what ends takes to end.
TIMEOUT_SEC = 10.0

Interrupt = Callable[[Any, str, Callable[[], bool]], None]


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Interrupt:
    """Raise KeyboardInterrupt in a method, once, as soon as something holds: before or after it."""

    def at(owner: Any, place: str, when: Callable[[], bool]) -> None:
        gc.collect()  # executors that others have left do the same when they are collected
        name, _, where = place.partition(" ")
        method, came = getattr(owner, name), list[bool]()

        def interrupted(*args: Any, **kwargs: Any) -> Any:
            comes = not came and when()
            if comes:
                came.append(True)
            if comes and where == "before":
                raise KeyboardInterrupt
            try:
                return method(*args, **kwargs)
            finally:
                if comes:
                    raise KeyboardInterrupt

        monkeypatch.setattr(owner, name, interrupted)

    return at


@pytest.fixture
def loop(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of each kind."""
    loop = loop_factory()
    yield loop
    loop.close()


class Busy:
    """A coroutine that takes a step in each turn of the loop, and one to clean up."""

    def __init__(self) -> None:
        self.steps = 0
        self.ended: list[str] = []

    async def run(self) -> None:
        """Run until it is cancelled."""
        try:
            while True:
                await self.step()
        finally:
            await Turn()
            self.ended.append("cleaned up")

    async def step(self) -> None:
        """Come back in the next turn of the loop."""
        self.steps += 1
        await Turn()

    def has_begun(self) -> bool:
        """True after some steps."""
        return self.steps > 3


def interrupted(call: Callable[[], object]) -> None:
    """Call what a KeyboardInterrupt leaves."""
    with pytest.raises(KeyboardInterrupt):
        call()


def assert_ends(executor: AsyncioExecutor) -> None:
    """See that nothing is left."""
    assert not executor.is_spinning
    assert executor.shutdown(timeout_sec=TIMEOUT_SEC)
    assert executor.shutdown()


@pytest.mark.parametrize("place", ["send before", "send after", "throw before"])
def test_between_asyncio_and_the_coroutine(
    context: Context, loop: asyncio.AbstractEventLoop, interrupt: Interrupt, place: str
) -> None:
    """Its task has ended by the interrupt, and another one ends the coroutine."""
    busy = Busy()
    executor = AsyncioExecutor(context=context, loop=loop)
    task = executor.create_task(busy.run)
    interrupt(Steps, place, busy.has_begun)

    async def cancel() -> None:
        while not busy.has_begun():
            await Turn()
        task.cancel()

    if place.startswith("throw"):
        executor.create_task(cancel)
    interrupted(executor.spin)
    assert_ends(executor)
    assert busy.ended == ["cleaned up"]
    assert task.cancelled()


@pytest.mark.parametrize("place", ["_ended before", "_ended after", "_look_at_duration before"])
def test_at_the_end_of_the_coroutine(
    context: Context, loop: asyncio.AbstractEventLoop, interrupt: Interrupt, place: str
) -> None:
    """What it has returned may be lost, but it is not waited for."""

    async def soon() -> None:
        await Turn()

    executor = AsyncioExecutor(context=context, loop=loop)
    executor.create_task(soon)
    waits = executor.create_task(asyncio.Event().wait)
    interrupt(Steps, place, lambda: True)
    interrupted(executor.spin)
    assert_ends(executor)
    assert waits.cancelled()


@pytest.mark.parametrize("place", ["coroutine_starts before", "coroutine_starts after"])
@pytest.mark.parametrize("spin", ["spin", "spin_once"])
def test_before_the_task_is_made(
    context: Context,
    loop: asyncio.AbstractEventLoop,
    interrupt: Interrupt,
    place: str,
    spin: str,
) -> None:
    """The coroutine never begins; whoever awaits it hears of that."""
    busy = Busy()
    executor = AsyncioExecutor(context=context, loop=loop)
    task = executor.create_task(busy.run)
    interrupt(Run, place, lambda: True)
    interrupted(getattr(executor, spin))
    assert busy.steps == 0
    assert task.cancelled()
    executor.spin_once(timeout_sec=0)  # which waits for no first step
    assert_ends(executor)


class Loop(asyncio.SelectorEventLoop):
    """A stock loop whose methods a test may replace."""


@pytest.mark.parametrize("place", ["call_soon before", "call_soon after"])
def test_where_asyncio_schedules_a_step(context: Context, interrupt: Interrupt, place: str) -> None:
    """Perhaps nothing wakes the task any more: another one ends its coroutine."""
    busy = Busy()
    loop = Loop()
    executor = AsyncioExecutor(context=context, loop=loop)
    task = executor.create_task(busy.run)
    interrupt(Loop, place, busy.has_begun)
    interrupted(executor.spin)
    assert_ends(executor)
    assert busy.ended == ["cleaned up"]
    assert task.cancelled()
    assert not asyncio.all_tasks(loop)
    loop.close()


@pytest.mark.parametrize("place", ["_run before", "_run after"])
@pytest.mark.parametrize("spin", ["spin", "spin_once"])
def test_where_asyncio_has_taken_a_step_from_its_queue(
    context: Context, interrupt: Interrupt, place: str, spin: str
) -> None:
    """As above; also where somebody awaits the lost task, which is not the executor's."""
    busy, inner, got = Busy(), Busy(), list[str]()

    async def outer() -> None:
        task = asyncio.ensure_future(inner.run())
        try:
            await task
        except asyncio.CancelledError:
            got.append("cancelled" if task.cancelled() else "left")
            raise

    with AsyncioExecutor(context=context) as executor:
        executor.create_task(busy.run)
        executor.create_task(outer)
        while not busy.has_begun() or not inner.has_begun():
            executor.spin_once()
        last = busy.steps
        interrupt(asyncio.Handle, place, lambda: busy.steps > last)
        interrupted(lambda: [getattr(executor, spin)() for _ in range(100)])
        assert_ends(executor)
    assert busy.ended == inner.ended == ["cleaned up"]
    assert got == ["cancelled"]


def test_while_the_executor_ends(context: Context, interrupt: Interrupt) -> None:
    """The next end cancels once more what cleans up, and so comes to its own."""
    steps: list[str] = []
    cleans_up = lambda: steps == ["cleans up"]  # noqa: E731

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("cleans up")
            try:
                await asyncio.Event().wait()
            finally:
                steps.append("cleaned up")

    loop = Loop()
    executor = AsyncioExecutor(context=context, loop=loop)
    executor.create_task(slow)
    executor.spin_once()
    executor.spin_once(timeout_sec=0)
    interrupt(Loop, "call_soon before", cleans_up)
    interrupted(executor.shutdown)
    assert_ends(executor)
    assert steps == ["cleans up", "cleaned up"]
    assert not asyncio.all_tasks(loop)
    loop.close()


RUNS = [
    "try_begin before",
    "try_begin after",
    "start_over after",
    "spin after",
    "end before",
    "end after",
]


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (call, place)
        for call in ("spin", "spin_once", "spin_until_future_complete", "shutdown")
        for place in RUNS
        if (call, place) != ("shutdown", "spin after")
    ],
)
def test_where_a_run_begins_and_ends(
    context: Context, loop: asyncio.AbstractEventLoop, interrupt: Interrupt, call: str, place: str
) -> None:
    """The executor does not run any more, and can run again."""
    executor = AsyncioExecutor(context=context, loop=loop)
    future = executor.create_future()
    executor.create_task(future.set_result, 1)
    if call == "spin":
        executor.create_task(executor.shutdown)
    arguments = [future] if call == "spin_until_future_complete" else []
    interrupt(Run, place, lambda: True)
    interrupted(lambda: getattr(executor, call)(*arguments))
    executor.spin_once(timeout_sec=0)
    assert_ends(executor)
