# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A coroutine that was cancelled cleans up, and no end interrupts that.

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from aiorcl._tasks.owned_coroutines import OwnedCoroutines
from tests.support.elsewhere import DEADLINE_SEC, call_elsewhere
from tests.support.instructions import Between
from tests.support.keeping import KEEPING, Wait
from tests.support.loops import LOOPS
from tests.support.turns import Turn, turns

if TYPE_CHECKING:
    from tests.support.makers import Run


class Stops:
    """A coroutine that takes its time to clean up.

    :ivar cancel: asyncio's own method.
    """

    cancel: Callable[[], object]

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.begun = asyncio.Event()

    async def run(self) -> None:
        """Wait to be cancelled."""
        self.begun.set()
        task = asyncio.current_task()
        assert task is not None
        self.cancel = task.cancel
        try:
            await asyncio.Event().wait()
        finally:
            self.steps.append("stopping")
            await turns()
            self.steps.append("stopped")


@pytest.mark.parametrize("by_asyncio", [False, True])
@pytest.mark.parametrize("is_cleaning_up", [False, True])
def test_a_block_does_not_interrupt_what_a_user_has_begun(
    run: Run, context: Context, *, is_cleaning_up: bool, by_asyncio: bool
) -> None:
    """The block waits until a task has ended that the user has cancelled."""

    async def main() -> None:
        stops = Stops()
        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(stops.run)
            await stops.begun.wait()
            (stops.cancel if by_asyncio else task.cancel)()
            while is_cleaning_up and not stops.steps:
                await Turn()
        assert stops.steps == ["stopping", "stopped"]

    run(main)


@pytest.mark.parametrize("turns_between", [0, 3])
def test_a_shutdown_does_not_interrupt_it(context: Context, turns_between: int) -> None:
    """The same for an executor that spins."""
    stops = Stops()
    executor = AsyncioExecutor(context=context)
    task = executor.create_task(stops.run)
    while not stops.begun.is_set():
        executor.spin_once(timeout_sec=0)
    task.cancel()
    for _ in range(turns_between):
        executor.spin_once(timeout_sec=0)
    assert bool(stops.steps) is (turns_between > 0)
    assert executor.shutdown()
    assert stops.steps == ["stopping", "stopped"]


def test_nor_what_a_callback_has_begun_itself(run: Run, context: Context, lone: Node) -> None:
    """By a line of its own, which asyncio alone hears of."""
    stops = Stops()

    async def main() -> None:
        stopping = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            asyncio.get_running_loop().call_soon(stopping.set)
            asyncio.current_task().cancel()
            await stops.run()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await stopping.wait()
        assert stops.steps == ["stopping", "stopped"]

    run(main)


def test_who_has_taken_it_back_is_cancelled(run: Run, context: Context) -> None:
    """A coroutine that goes on after a cancellation, and says so, is ended like any other."""
    steps: list[str] = []

    async def main() -> None:
        begun, heard = asyncio.Event(), asyncio.Event()

        async def goes_on() -> None:
            task = asyncio.current_task()
            assert task is not None
            begun.set()
            while len(steps) < 2:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    task.uncancel()
                    steps.append("cancelled")
                    heard.set()

        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(goes_on)
            await begun.wait()
            task.cancel()
            await heard.wait()
        assert steps == ["cancelled"] * 2

    run(main)


@pytest.mark.parametrize("says_so", [False, True])
def test_who_goes_on_is_ended_after_a_while(
    run: Run, context: Context, monkeypatch: pytest.MonkeyPatch, *, says_so: bool
) -> None:
    """Also one that says so when the end has begun; ``wait_for()`` of Python 3.11 does neither."""
    monkeypatch.setattr("aiorcl._tasks.coroutine_steps._CLEANUP_SEC", 0.01)
    cancelled: list[str] = []

    async def main() -> None:
        heard, leaves = asyncio.Event(), asyncio.Event()

        async def goes_on() -> None:
            task = asyncio.current_task()
            assert task is not None
            try:
                heard.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await leaves.wait()
                await turns()
                if says_so:
                    task.uncancel()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append("by the end")

        async with AsyncioExecutor(context=context) as executor:
            task = executor.create_task(goes_on)
            await heard.wait()
            task.cancel()
            leaves.set()
        assert cancelled == ["by the end"]

    run(main)


@pytest.mark.parametrize("act", ["remove", "destroy"])
def test_the_end_of_the_executor_interrupts_no_cleanup_that_the_end_of_its_node_has_begun(
    run: Run, context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """However long that takes: it was cancelled already, by us."""
    monkeypatch.setattr("aiorcl._tasks.coroutine_steps._CLEANUP_SEC", 0.0)
    cancel_all = OwnedCoroutines.cancel_all
    ends: list[str] = []

    async def main() -> None:
        begun, cleans_up, ending = asyncio.Event(), asyncio.Event(), asyncio.Event()

        def cancel_and_tell(self: OwnedCoroutines) -> None:
            cancel_all(self)
            ending.set()

        async def callback() -> None:
            timer.cancel()
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cleans_up.set()
                await ending.wait()
                for _ in range(10):  # turns, in which a second cancellation would come
                    await asyncio.sleep(0)
                ends.append("by itself")

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await begun.wait()
            if act == "remove":
                executor.remove_node(lone)
            else:
                lone.destroy_node()
            await cleans_up.wait()
            monkeypatch.setattr(OwnedCoroutines, "cancel_all", cancel_and_tell)

    run(main)
    assert ends == ["by itself"]


@KEEPING
@pytest.mark.parametrize("act", ["remove", "destroy", "end"])
def test_who_has_not_heard_of_an_end_hears_of_it_after_a_while(
    run: Run,
    context: Context,
    lone: Node,
    monkeypatch: pytest.MonkeyPatch,
    wait: Wait,
    act: str,
) -> None:
    """What it awaited has kept the cancellation to itself."""
    monkeypatch.setattr("aiorcl._tasks.coroutine_steps._CLEANUP_SEC", 0.01)
    ends: list[type[BaseException]] = []

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        begun = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            begun.set()
            try:
                await wait(future)
                async with asyncio.timeout(DEADLINE_SEC):
                    await asyncio.Event().wait()
            except BaseException as error:
                ends.append(type(error))
                raise

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await begun.wait()
            await turns()
            future.set_result(None)
            if act == "remove":
                executor.remove_node(lone)
            elif act == "destroy":
                lone.destroy_node()

    run(main)
    assert ends == [asyncio.CancelledError]


def test_who_goes_on_after_the_end_of_its_node_is_ended_with_the_executor(
    run: Run, context: Context, lone: Node
) -> None:
    """At once, as it has said so."""
    cancelled: list[str] = []

    async def main() -> None:
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            task = asyncio.current_task()
            assert task is not None
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                task.uncancel()
            goes_on.set()
            try:
                async with asyncio.timeout(DEADLINE_SEC):
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append("by the end")
                raise

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await begun.wait()
            executor.remove_node(lone)
            await goes_on.wait()

    run(main)
    assert cancelled == ["by the end"]


class Meeting:
    """A spin that begins when another thread is about to run a line of ``task.cancel()``.

    It has the interpreter then until it sleeps.
    """

    def __init__(self, executor: AsyncioExecutor) -> None:
        self._executor = executor
        self._ended = executor.create_future()
        self._begins, self._spins = threading.Event(), threading.Event()
        self._is_cleaning_up = threading.Event()

    async def _wait(self) -> None:
        self._begins.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._is_cleaning_up.set()
            self._ended.set_result(None)

    def _meet(self) -> None:
        self._begins.set()
        assert self._spins.wait(DEADLINE_SEC)

    def before(self, line: int) -> bool:
        """Tell whether there is such a line."""
        executor, begins = self._executor, self._begins
        task = executor.create_task(self._wait)
        while not begins.is_set():
            executor.spin_once(timeout_sec=DEADLINE_SEC)
        begins.clear()
        has_met: list[bool] = []
        delivered: list[bool] = []

        def cancel() -> None:
            sys.settrace(Between("_tasks", line, self._meet, lines=True))
            task.cancel()
            sys.settrace(None)
            has_met.append(begins.is_set())
            begins.set()
            delivered.append(self._is_cleaning_up.wait(DEADLINE_SEC))
            executor.wake()

        thread = threading.Thread(target=cancel)
        thread.start()
        assert begins.wait(DEADLINE_SEC)
        executor.create_task(self._spins.set)
        executor.spin_until_future_complete(self._ended)
        thread.join()
        assert delivered == [True]
        return has_met[0]


@pytest.fixture
def unhurried() -> Iterator[None]:
    """A thread has the interpreter until it waits for something."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(DEADLINE_SEC)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("make_loop", LOOPS.values(), ids=LOOPS)
def test_a_cancellation_meets_a_spin_that_begins(
    context: Context,
    unhurried: None,
    make_loop: Callable[[], asyncio.AbstractEventLoop],
    *,
    debug: bool,
) -> None:
    """Wherever the other thread is then, the loop does not sleep over the cancellation."""
    loop = make_loop()
    loop.set_debug(debug)
    lines = 0
    with AsyncioExecutor(context=context, loop=loop) as executor:
        while Meeting(executor).before(lines):
            lines += 1
    loop.close()
    assert lines > 5


def test_a_cancellation_before_the_end_is_one(context: Context) -> None:
    """Also one of another thread that the loop has not seen when the executor is shut down."""
    stops = Stops()
    with AsyncioExecutor(context=context) as executor:
        task = executor.create_task(stops.run)
        while not stops.begun.is_set():
            executor.spin_once(timeout_sec=DEADLINE_SEC)
        call_elsewhere(task.cancel)
    assert stops.steps == ["stopping", "stopped"]
