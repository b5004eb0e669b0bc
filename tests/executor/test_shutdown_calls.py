# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# executor.shutdown() from wherever a program may call it: it returns, and ends the spin once.

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from aiorcl._loop.driver import Driver
from aiorcl._loop.run import Run
from tests.support.instructions import TRACES_INSTRUCTIONS
from tests.support.threads import a_message

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 10.0

#: Shuts down now or soon, and puts into the list what the calls returned.
Way = Callable[[AsyncioExecutor, Node, list[bool]], None]


def by_two_workers(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """Two threads of a group, each in a callback that the other's call waits for."""
    group, together = ThreadCallbackGroup(2), threading.Barrier(2)

    def callback(_: Int64) -> None:
        together.wait()
        returned.append(executor.shutdown())

    for _ in range(2):
        a_message(node, group, callback)


def by_two_threads(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """Two threads of the user's at once."""
    together = threading.Barrier(2)

    def shut_down() -> None:
        together.wait()
        returned.append(executor.shutdown())

    for _ in range(2):
        threading.Thread(target=shut_down).start()


def by_what_it_cancels(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """A shutdown ends a coroutine, which calls it again in its cleanup."""

    async def callback() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            returned.append(executor.shutdown())

    async def shut_down() -> None:
        returned.append(executor.shutdown())

    executor.create_task(callback)
    executor.create_task(shut_down)


def by_a_finalizer(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """The collector frees an object, in the middle of a callback."""

    class Owner:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            returned.append(executor.shutdown())

    Owner()
    executor.create_task(gc.collect)


def by_a_signal_handler(executor: AsyncioExecutor, node: Node, returned: list[bool]) -> None:
    """Python runs the handler between two instructions of the thread that spins."""

    def handler(*_: Any) -> None:
        returned.append(executor.shutdown())

    before = signal.signal(signal.SIGUSR1, handler)

    def raise_it() -> None:
        signal.raise_signal(signal.SIGUSR1)
        signal.signal(signal.SIGUSR1, before)

    executor.create_task(raise_it)


WAYS = {
    by_two_workers: 2,
    by_two_threads: 2,
    by_what_it_cancels: 2,
    by_a_finalizer: 1,
    by_a_signal_handler: 1,
}


@pytest.mark.parametrize(
    ("way", "calls"), WAYS.items(), ids=[way.__name__.removeprefix("by_") for way in WAYS]
)
def test_shutdown_ends_the_spin(
    context: Context, make_node: MakeNode, way: Way, calls: int
) -> None:
    """Every call returns, also those that could only wait for each other; the spin returns."""
    executor = AsyncioExecutor(context=context)
    node = make_node()
    executor.add_node(node)
    returned: list[bool] = []
    way(executor, node, returned)
    executor.spin()
    while len(returned) < calls:
        executor.shutdown()  # waits for what is under way
    assert executor.shutdown() is True
    assert executor.get_nodes() == []


def test_a_worker_shuts_down_between_two_spin_calls(context: Context, lone: Node) -> None:
    """It cannot wait for its own callback, also while nobody spins; the next call ends all."""
    begun, goes_on = threading.Event(), threading.Event()
    returned: list[bool] = []

    def callback(_: Int64) -> None:
        begun.set()
        goes_on.wait()
        returned.append(executor.shutdown())
        ended.set()

    ended = threading.Event()
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    a_message(lone, ThreadCallbackGroup(1), callback)
    while not begun.is_set():
        executor.spin_once(timeout_sec=0)
    goes_on.set()
    assert ended.wait(DEADLINE_SEC)
    assert executor.shutdown() is True
    assert returned == [False]


#: A call in which nothing is to do: one that has no timeout ends by a shutdown alone.
SPINS: dict[str, Callable[[AsyncioExecutor], object]] = {
    "once": lambda executor: executor.spin_once(),
    "until": lambda executor: executor.spin_until_future_complete(executor.create_future()),
    "forever": lambda executor: executor.spin(),
}
each_spin = pytest.mark.parametrize("spin", SPINS.values(), ids=SPINS)


@each_spin
@pytest.mark.parametrize("given", [False, True], ids=["own", "given"])
def test_shutdown_while_the_first_spin_call_makes_what_it_runs(
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    spin: Callable[[AsyncioExecutor], object],
    given: bool,
) -> None:
    """The call returns: it has nothing to wait for when its loop begins to run."""
    loop = asyncio.new_event_loop() if given else None
    executor = AsyncioExecutor(context=context, loop=loop)
    make = executor._home._driver_for

    def shut_down(loop: asyncio.AbstractEventLoop) -> Driver:
        executor.shutdown()
        return make(loop)

    monkeypatch.setattr(executor._home, "_driver_for", shut_down)
    spin(executor)
    assert executor.shutdown() is True
    if loop is not None:
        loop.close()


def shut_down_at(
    instruction: int, executor: AsyncioExecutor, spin: Callable[[AsyncioExecutor], object]
) -> bool:
    """Shut down before the n-th instruction of ours in a spin call; False if it waits first."""
    left = instruction
    waited = threading.Event()

    def end() -> None:
        waited.set()
        executor.shutdown()

    waits = threading.Timer(0.5, end)

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if "/aiorcl/" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and not waited.is_set():
            left -= 1
            if left == -1:
                waits.cancel()
                executor.shutdown()
        return trace

    before = sys.gettrace()
    waits.start()
    sys.settrace(trace)
    try:
        spin(executor)
    finally:
        sys.settrace(before)
        waits.cancel()
    return left < 0


@TRACES_INSTRUCTIONS
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@each_spin
def test_shutdown_before_any_instruction_of_a_spin(
    context: Context, spin: Callable[[AsyncioExecutor], object], first: bool
) -> None:
    """A signal handler, or a finalizer, runs between any two: none of them holds a lock.

    Nor does the call wait for what has come: every one returns.
    """
    last: list[int] = []
    ended: list[int] = []

    def shut_down_at_each() -> None:
        for instruction in itertools.count():
            executor = AsyncioExecutor(context=context)
            if not first:
                executor.spin_once(timeout_sec=0)
            last.append(instruction)
            if not shut_down_at(instruction, executor, spin):
                return
            assert executor.shutdown() is True
            ended.append(instruction)

    thread = threading.Thread(target=shut_down_at_each, daemon=True)
    thread.start()
    thread.join(50.0)
    assert not thread.is_alive(), last[-1]
    assert len(ended) == len(last) - 1
    assert ended


def test_a_shutdown_with_a_timeout_leaves_the_end_to_who_waits(context: Context) -> None:
    """Two threads end an executor that nobody spins: the patient one does what is left."""
    executor = AsyncioExecutor(context=context)
    begun, ends = threading.Event(), asyncio.Event()

    async def callback() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            begun.set()
            await ends.wait()

    def shut_down(timeout_sec: float | None = None) -> None:
        returned.append(executor.shutdown(timeout_sec))

    returned: list[bool] = []
    executor.create_task(callback)
    executor.spin_once(timeout_sec=0)
    hasty = threading.Thread(target=shut_down, args=(0.2,))
    hasty.start()
    assert begun.wait(DEADLINE_SEC)  # the hasty one runs the loop now
    patient = threading.Thread(target=shut_down, daemon=True)
    patient.start()
    hasty.join()
    assert returned == [False]
    executor.loop.call_soon_threadsafe(ends.set)
    patient.join(DEADLINE_SEC)
    assert returned == [False, True]


def test_a_shutdown_between_two_spin_calls_of_another_thread_waits(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spin call was under way when it began, has ended since, and has not heard of it."""
    executor = AsyncioExecutor(context=context)
    cleaned = threading.Event()
    returned: list[bool] = []

    async def callback() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            cleaned.set()

    executor.create_task(callback)
    executor.spin_once(timeout_sec=0)
    found_running, has_ended = threading.Event(), threading.Event()
    try_begin, end = Run.try_begin, Run.end

    def try_to_begin(self: Run) -> bool:
        began = try_begin(self)
        if not began:
            found_running.set()
            assert has_ended.wait(DEADLINE_SEC)
        return began

    def shut_down() -> None:
        returned.append(executor.shutdown())
        assert cleaned.is_set()
        returned.append(True)

    def end_late(self: Run) -> None:
        """It has looked whether there is an end to complete, and there was none yet."""
        monkeypatch.setattr(Run, "end", end)
        other.start()
        assert found_running.wait(DEADLINE_SEC)
        end(self)
        monkeypatch.setattr(Run, "try_begin", try_begin)
        has_ended.set()

    other = threading.Thread(target=shut_down)
    monkeypatch.setattr(Run, "try_begin", try_to_begin)
    monkeypatch.setattr(Run, "end", end_late)
    with contextlib.suppress(RuntimeError):
        executor.spin_once(timeout_sec=0)
    other.join(DEADLINE_SEC)
    assert returned == [True, True]


@pytest.mark.parametrize("owner", ["the executor", "asyncio", "a generator"])
def test_a_timeout_interrupts_no_cleanup(context: Context, owner: str) -> None:
    """Coroutines are cancelled once: the next shutdown, which has the time, waits for their end."""
    executor = AsyncioExecutor(context=context)
    begun: list[object] = []
    cleaned: list[object] = []
    may_end = asyncio.Event()

    async def generate() -> AsyncIterator[None]:
        begun.append(1)
        try:
            yield
            await asyncio.Event().wait()
        finally:
            await asyncio.wait_for(may_end.wait(), DEADLINE_SEC)  # in a task, on Python 3.11
            cleaned.append(1)

    async def callback() -> None:
        generator = generate()
        await anext(generator)
        if owner == "a generator":
            kept.append(generator)
        else:
            await anext(generator)

    if owner == "asyncio":
        executor.create_task(lambda: kept.append(asyncio.ensure_future(callback())))
    else:
        executor.create_task(callback)
    kept: list[object] = []
    while not begun:
        executor.spin_once(timeout_sec=0)
    for _ in range(2):
        assert executor.shutdown(timeout_sec=0.05) is False
    assert cleaned == []
    may_end.set()
    assert executor.shutdown() is True
    assert cleaned == [1]


def test_a_thread_of_the_loop_shuts_down(context: Context) -> None:
    """A coroutine has it do so by to_thread(), whose threads the end of the loop waits for."""
    executor = AsyncioExecutor(context=context)
    returned: list[bool] = []

    async def callback() -> None:
        await asyncio.to_thread(lambda: returned.append(executor.shutdown()))

    executor.create_task(callback)
    spin = threading.Thread(target=executor.spin, daemon=True)
    spin.start()
    spin.join(DEADLINE_SEC)
    assert not spin.is_alive()
    assert returned == [True]


def test_a_task_that_a_generator_starts_as_it_is_closed(context: Context) -> None:
    """It is cancelled like any other that is left on the loop, and the shutdown is whole."""
    kept: list[object] = []
    cancelled: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append("by the end")

    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            kept.append(asyncio.get_running_loop().create_task(waits()))
            await asyncio.sleep(0)

    async def begin() -> None:
        kept.append(generator := generate())
        await anext(generator)

    executor = AsyncioExecutor(context=context)
    loop = executor.loop
    executor.spin_until_future_complete(executor.create_task(begin))
    assert executor.shutdown()
    assert loop.is_closed()
    assert cancelled == ["by the end"]


def test_many_tasks_with_done_callbacks_wait_for_their_turn(context: Context) -> None:
    """Each is cancelled, however many there are, and the end goes through."""
    executor = AsyncioExecutor(context=context)
    tasks = [executor.create_task(print) for _ in range(sys.getrecursionlimit())]
    for task in tasks:
        task.add_done_callback(print)
    assert executor.shutdown()
    assert all(task.cancelled() for task in tasks)
