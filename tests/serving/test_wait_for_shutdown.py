# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# wait_for_shutdown: returns when the context goes down, from wherever.

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from aiorcl._serving import context as context_module
from tests.support.elsewhere import call_elsewhere

if TYPE_CHECKING:
    from tests.support.makers import Run

DEADLINE_SEC = 10.0


@pytest.mark.parametrize("where", ["callback", "task", "thread", "before", "executor"])
def test_wait_for_shutdown_returns(run: Run, context: Context, lone: Node, where: str) -> None:
    """wait_for_shutdown returns when the context, or the executor, goes down from anywhere."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            match where:
                case "callback":
                    lone.create_timer(0.001, context.shutdown)
                case "task":
                    executor.loop.call_soon(context.shutdown)
                case "thread":
                    thread = threading.Thread(target=context.shutdown)
                    executor.loop.call_soon(thread.start)
                case "before":
                    context.shutdown()
                case "executor":
                    executor.loop.call_soon(executor.shutdown)
            await executor.wait_for_shutdown()
            await executor.wait_for_shutdown()
            if where == "thread":
                thread.join()
        assert context.ok() is (where == "executor")

    run(main)


def fail() -> None:
    """Raise, as a callback of on_shutdown()."""
    raise LookupError


@pytest.mark.parametrize("when", ["before", "after"])
def test_it_returns_whatever_callbacks_of_the_shutdown_raise(
    run: Run, context: Context, lone: Node, when: str
) -> None:
    """The user's come before the executor's own, or after it."""
    raised: list[BaseException] = []
    if when == "before":
        context.on_shutdown(fail)

    def shut_down() -> None:
        try:
            context.shutdown()
        except LookupError as error:
            raised.append(error)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            if when == "after":
                context.on_shutdown(fail)
            thread = threading.Thread(target=shut_down)
            executor.loop.call_soon(thread.start)
            await executor.wait_for_shutdown()
            thread.join()
        assert raised
        assert not context.ok()

    run(main)


def test_many_wait_for_shutdown(run: Run, context: Context) -> None:
    """Any number of tasks may wait for the shutdown, and may stop waiting."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            waiting = [asyncio.ensure_future(executor.wait_for_shutdown()) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            executor.loop.call_soon(context.shutdown)
            await asyncio.gather(*waiting[1:])
            assert waiting[0].cancelled()

    run(main)


def test_the_end_of_the_block_ends_the_wait(run: Run, context: Context) -> None:
    """Whoever waits in another task, or on another loop, hears of the end of the block."""

    async def main() -> None:
        entered = threading.Event()

        async def wait_elsewhere() -> None:
            waiting = asyncio.ensure_future(executor.wait_for_shutdown())
            await asyncio.sleep(0)
            entered.set()
            await waiting

        async with AsyncioExecutor(context=context) as executor:
            waiting = asyncio.create_task(executor.wait_for_shutdown())
            elsewhere = asyncio.create_task(asyncio.to_thread(asyncio.run, wait_elsewhere()))
            await asyncio.to_thread(entered.wait)
            assert not waiting.done()
        await waiting
        await elsewhere
        await executor.wait_for_shutdown()

    run(main)


class _ShutsDown(asyncio.SelectorEventLoop):
    """Calls a function when it is asked for a future, once."""

    before_future: Callable[[], object] | None = None

    def create_future(self) -> asyncio.Future[Any]:
        act, self.before_future = self.before_future, None
        if act is not None:
            act()
        return super().create_future()


@pytest.mark.parametrize("what", ["context", "executor"])
def test_a_shutdown_as_the_wait_begins_ends_it(context: Context, what: str) -> None:
    """By a signal handler, say: whoever begins to wait hears of it."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, _ShutsDown)
        async with AsyncioExecutor(context=context) as executor:
            async with asyncio.timeout(DEADLINE_SEC):
                acts: dict[str, Callable[[], object]] = {
                    "context": context.shutdown,
                    "executor": executor.shutdown,
                }
                loop.before_future = acts[what]
                await executor.wait_for_shutdown()

    with asyncio.Runner(loop_factory=_ShutsDown) as runner:
        runner.run(main())


def test_a_context_that_is_down_costs_no_cpu(run: Run, context: Context, lone: Node) -> None:
    """A body that goes on without its context waits as quietly as before."""

    async def main() -> float:
        lone.create_timer(0.001, lambda: None)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            context.shutdown()
            await executor.wait_for_shutdown()
            cpu, wall = time.process_time(), time.monotonic()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.5)
            return (time.process_time() - cpu) / (time.monotonic() - wall)

    assert run(main) < 0.3


@pytest.mark.parametrize("place", ["_tell_on_shutdown", "GuardCondition"])
@pytest.mark.parametrize("which", ["first", "second"])
def test_a_context_that_goes_down_while_an_executor_is_made(
    context: Context, monkeypatch: pytest.MonkeyPatch, place: str, which: str
) -> None:
    """Before the executor can hear of it: it knows nevertheless, and its spin returns."""
    first = AsyncioExecutor(context=context) if which == "second" else None
    module: Any = context_module
    owner = module if place == "_tell_on_shutdown" else module._core
    register = getattr(owner, place)

    def register_late(*args: object) -> Any:
        call_elsewhere(context.shutdown)
        return register(*args)

    monkeypatch.setattr(owner, place, register_late)
    executor = AsyncioExecutor(context=context)
    monkeypatch.undo()
    spin = threading.Thread(target=executor.spin, daemon=True)
    spin.start()
    spin.join(DEADLINE_SEC)
    assert not spin.is_alive()
    assert executor.shutdown()
    if first is not None:
        first.shutdown()


def test_an_executor_is_made_while_the_context_goes_down(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another thread, while the others are told: all of them end."""
    executors = [AsyncioExecutor(context=context) for _ in range(2)]
    is_up = context_module.ContextEnd.is_up

    def make_one_first(end: context_module.ContextEnd) -> bool:
        monkeypatch.undo()
        call_elsewhere(lambda: executors.append(AsyncioExecutor(context=context)))
        return is_up(end)

    monkeypatch.setattr(context_module.ContextEnd, "is_up", make_one_first)
    context.shutdown()
    assert not context.ok()
    assert len(executors) == 3
    for executor in executors:
        executor.spin()
        executor.shutdown()
