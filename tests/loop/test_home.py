# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Which loop an executor chooses where one thread begins to run it and another one asks for it.

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context

from aiorcl import AsyncioExecutor
from tests.support.elsewhere import DEADLINE_SEC, call_elsewhere

if TYPE_CHECKING:
    from aiorcl._loop.driver import Driver

Loop = asyncio.AbstractEventLoop


async def here() -> int:
    """Return the thread that runs it."""
    return threading.get_ident()


def in_a_spin_call(executor: AsyncioExecutor) -> None:
    """Run the executor until its shutdown."""
    executor.spin()


def in_a_block(executor: AsyncioExecutor) -> None:
    """Run the executor until its shutdown."""

    async def main() -> None:
        async with executor:
            await executor.wait_for_shutdown()

    asyncio.run(main())


def plainly(executor: AsyncioExecutor) -> Loop:
    """Ask where no loop runs."""
    return executor.loop


def inside_a_loop(executor: AsyncioExecutor) -> Loop:
    """Ask in a coroutine of a loop that has nothing to do with it."""

    async def main() -> Loop:
        return executor.loop

    return asyncio.run(main())


each_run = pytest.mark.parametrize("run_it", [in_a_spin_call, in_a_block])
each_way = pytest.mark.parametrize("ask", [plainly, inside_a_loop])


class Choice:
    """Stops the first thread that chooses until another one is on its way to do so, too."""

    def __init__(self, executor: AsyncioExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begins = threading.Event()
        self.thread: int | None = None
        self._other_came = threading.Event()
        self._lock, self._driver_for = threading.RLock(), executor._home._driver_for
        monkeypatch.setattr(executor._home, "_driver_for", self._make)
        monkeypatch.setattr(executor._home, "_choosing", self, raising=False)

    def __enter__(self) -> None:
        self._other_comes()
        self._lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def _other_comes(self) -> None:
        if self.begins.is_set() and self.thread != threading.get_ident():
            self._other_came.set()

    def _make(self, loop: Loop) -> Driver:
        if self.begins.is_set():
            self._other_comes()
        else:
            self.thread = threading.get_ident()
            self.begins.set()
            assert self._other_came.wait(DEADLINE_SEC)
        return self._driver_for(loop)


@each_run
@each_way
def test_who_asks_while_another_thread_chooses_gets_the_same_loop(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    run_it: Callable[[AsyncioExecutor], None],
    ask: Callable[[AsyncioExecutor], Loop],
) -> None:
    """It is the one of the run: what is handed to it comes to the thread that runs the executor."""
    executor = AsyncioExecutor(context=context)
    choice = Choice(executor, monkeypatch)
    with ThreadPoolExecutor() as threads:
        runs = threads.submit(run_it, executor)
        try:
            assert choice.begins.wait(DEADLINE_SEC)
            loop = ask(executor)
            thread = asyncio.run_coroutine_threadsafe(here(), loop).result(DEADLINE_SEC)
            assert thread == choice.thread
            assert executor.loop is loop
        finally:
            executor.shutdown(timeout_sec=DEADLINE_SEC)
        runs.result(DEADLINE_SEC)


@each_way
def test_who_asks_before_a_spin_call_has_chosen_gets_its_loop(
    context: Context, monkeypatch: pytest.MonkeyPatch, ask: Callable[[AsyncioExecutor], Loop]
) -> None:
    """Also in a coroutine of another loop: the spin call, which has begun, cannot run that one."""
    executor = AsyncioExecutor(context=context)
    begun, loops = executor._spinning._begun, list[Loop]()

    def begin() -> None:
        call_elsewhere(lambda: loops.append(ask(executor)))
        begun()

    monkeypatch.setattr(executor._spinning, "_begun", begin)
    task = executor.create_task(asyncio.get_running_loop)
    executor.spin_until_future_complete(task, DEADLINE_SEC)
    assert [task.result()] == loops
    executor.shutdown()


def test_asked_in_a_coroutine_before_it_runs_chooses_nothing(context: Context) -> None:
    """The executor can still be run elsewhere."""
    executor = AsyncioExecutor(context=context)

    async def main() -> None:
        assert executor.loop is asyncio.get_running_loop()
        runs = asyncio.create_task(asyncio.to_thread(executor.spin))
        thread = await executor.create_task(threading.get_ident)
        assert thread != threading.get_ident()
        assert executor.loop is not asyncio.get_running_loop()
        await asyncio.to_thread(executor.shutdown, DEADLINE_SEC)
        await runs

    asyncio.run(main())


def test_asked_in_a_thread_without_a_loop_chooses_one_of_its_own(context: Context) -> None:
    """A block that comes later says so, and a spin call runs it."""
    executor = AsyncioExecutor(context=context)
    loops: list[Loop] = []
    call_elsewhere(lambda: loops.append(executor.loop))

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"has another loop, its own: .* asked for 'loop'"):
            await executor.start()

    asyncio.run(main())
    task = executor.create_task(asyncio.get_running_loop)
    executor.spin_until_future_complete(task, DEADLINE_SEC)
    assert [task.result()] == loops
    executor.shutdown()


@pytest.mark.parametrize("begin", [plainly, lambda executor: executor.spin_once(0)])
def test_a_signal_handler_may_ask_while_its_thread_chooses(
    context: Context, monkeypatch: pytest.MonkeyPatch, begin: Callable[[AsyncioExecutor], object]
) -> None:
    """It gets the loop that counts; the other one is closed."""
    executor = AsyncioExecutor(context=context)
    driver_for, asked, made = executor._home._driver_for, list[Loop](), list[Loop]()

    def make(loop: Loop) -> Driver:
        made.append(loop)
        if len(made) == 1:
            asked.append(executor.loop)
        return driver_for(loop)

    monkeypatch.setattr(executor._home, "_driver_for", make)
    begin(executor)
    assert asked == [executor.loop]
    assert [loop.is_closed() for loop in made] == [loop is not executor.loop for loop in made]
    task = executor.create_task(asyncio.get_running_loop)
    executor.spin_until_future_complete(task, DEADLINE_SEC)
    assert task.result() is executor.loop
    executor.shutdown()


def test_asked_while_a_block_cannot_be_entered_binds_nobody(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop on which the executor could not be driven is not kept."""
    executor = AsyncioExecutor(context=context)
    driver_for, loops = executor._home._driver_for, list[Loop]()

    def make(loop: Loop) -> Driver:
        driver = driver_for(loop)

        def refuse() -> None:
            call_elsewhere(lambda: loops.append(executor.loop))
            raise NotImplementedError

        driver.start = refuse  # type: ignore[method-assign]
        return driver

    monkeypatch.setattr(executor._home, "_driver_for", make)

    async def enter() -> Any:
        with pytest.raises(NotImplementedError):
            await executor.start()
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(enter())
    monkeypatch.undo()
    executor.spin_once(timeout_sec=0)
    assert executor.loop not in loops
    executor.shutdown()
