# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A KeyboardInterrupt where an executor begins or ends to be driven by a loop of the user's.

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import sys
from collections.abc import Callable
from functools import partial
from types import CodeType, FrameType
from typing import Any

import pytest
from rclpy.context import Context

from aiorcl import AsyncioExecutor
from aiorcl._loop.driver import Driver
from aiorcl._loop.home import Home
from aiorcl._loop.reader_driver import ReaderDriver, Readers
from aiorcl._loop.selector_driver import SelectorDriver
from aiorcl._serving.async_with import Block
from tests.support.instructions import TRACES_INSTRUCTIONS

Loop = asyncio.AbstractEventLoop

CODES = {
    method.__code__
    for cls, names in (
        (Driver, ["run"]),
        (Home, ["choose"]),
        (ReaderDriver, ["start", "stop"]),
        (Readers, ["start", "stop", "_watch", "_watch_all"]),
        (SelectorDriver, ["start", "stop"]),
        (Block, ["enter"]),
    )
    for method in (vars(cls)[name] for name in names)
}


def spin_once(loop: Loop, executor: AsyncioExecutor) -> None:
    """One piece of work."""
    executor.spin_once(timeout_sec=0)


def spin(loop: Loop, executor: AsyncioExecutor) -> None:
    """All there is, which ends at once."""
    future = executor.create_future()
    executor.create_task(future.set_result, None)
    executor.spin_until_future_complete(future)


def enter(loop: Loop, executor: AsyncioExecutor) -> None:
    """A block, which ends at once."""

    async def main() -> None:
        async with executor:
            pass

    loop.run_until_complete(main())


def act_at(
    instruction: int, codes: set[CodeType], act: Callable[[], object], call: Callable[[], object]
) -> bool:
    """Act before the n-th instruction of a call; False if there are not so many."""
    left = instruction

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal left
        if frame.f_code not in codes:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == -1:
                act()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return left < 0


def interrupt() -> None:
    """Raise what Ctrl-C raises."""
    raise KeyboardInterrupt


def interrupt_at(instruction: int, call: Callable[[], object]) -> bool:
    """Raise KeyboardInterrupt before the n-th instruction; False if there are not so many."""
    try:
        return act_at(instruction, CODES, interrupt, call)
    except KeyboardInterrupt:
        return True


@TRACES_INSTRUCTIONS
@pytest.mark.parametrize("run", [spin_once, spin, enter])
def test_the_loop_goes_on(
    run: Callable[[Loop, AsyncioExecutor], None],
    loop_factory: Callable[[], Loop],
    context: Context,
) -> None:
    """Without the executor, which nothing runs any more; and it may be run again, or shut down."""
    executors: list[AsyncioExecutor] = []  # or their finalizers would have these instructions, too
    gc.collect()
    for instruction in itertools.count():
        loop = loop_factory()
        loop.set_exception_handler(lambda *_: None)
        executor = AsyncioExecutor(context=context, loop=None if run is enter else loop)
        executors.append(executor)
        came = interrupt_at(instruction, partial(run, loop, executor))
        loop.run_until_complete(asyncio.sleep(0))
        if came and run is not enter:
            assert not executor.is_spinning
            executor.spin_once(timeout_sec=0)
        executor.shutdown()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        if not came:
            return


def test_a_stop_that_an_interrupt_has_overtaken(
    loop_factory: Callable[[], Loop], context: Context
) -> None:
    """Both come in one turn of the loop, as from a signal: the end of the executor goes through."""
    loop = loop_factory()
    executor = AsyncioExecutor(context=context, loop=loop)
    executor.create_task(asyncio.Event().wait())
    executor.spin_once(timeout_sec=0)

    def stop_and_interrupt() -> None:
        loop.stop()
        raise KeyboardInterrupt

    reader, writer = os.pipe()
    loop.add_reader(reader, stop_and_interrupt)
    os.write(writer, b"x")
    with pytest.raises(KeyboardInterrupt):
        executor.spin()
    loop.remove_reader(reader)
    os.close(reader)
    os.close(writer)
    assert executor.shutdown()
    loop.close()


@TRACES_INSTRUCTIONS
def test_shutdown_before_any_instruction_of_a_block(
    loop_factory: Callable[[], Loop], context: Context
) -> None:
    """By a signal handler: the block is refused, or waits for no end that came before it."""
    executors: list[AsyncioExecutor] = []
    shut_down: list[AsyncioExecutor] = []
    outcomes: set[str] = set()

    def shutdown() -> None:
        shut_down.append(executors[-1])
        executors[-1].shutdown()

    async def main() -> None:
        try:
            async with executors[-1] as executor:
                if executor in shut_down:
                    await executor.wait_for_shutdown()
                    outcomes.add("ended")
        except RuntimeError as error:
            outcomes.add(str(error))

    def run() -> None:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main())

    gc.collect()
    for instruction in itertools.count():
        executors.append(AsyncioExecutor(context=context))
        if not act_at(instruction, {Block.enter.__code__}, shutdown, run):
            break
    assert outcomes == {"ended", "The executor was shut down"}
