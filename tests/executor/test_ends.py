# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Ends: whatever ends an executor, it waits for what is under way, and loses no exception.

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor, new_event_loop
from tests.support.raising import WrongError, plainly
from tests.support.scopes import CancelsAgain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.makers import Run


async def raise_when_cancelled(error: BaseException, begun: Callable[[], object]) -> None:
    """Wait until the end, and fail in the cleanup."""
    begun()
    try:
        await asyncio.Event().wait()
    finally:
        raise error


def spin_once(executor: AsyncioExecutor) -> None:
    """Let everything that is ready begin."""
    for _ in range(5):
        executor.spin_once(timeout_sec=0)


def by_shutdown(executor: AsyncioExecutor) -> None:
    """End an executor that does not run."""
    spin_once(executor)
    executor.shutdown()


def by_with(executor: AsyncioExecutor) -> None:
    """End it as rclpy's executors may be ended."""
    with executor:
        spin_once(executor)


def by_callback(executor: AsyncioExecutor) -> None:
    """End it in one of its callbacks."""
    spin_once(executor)
    executor.create_task(executor.shutdown)
    executor.spin()


def by_thread(executor: AsyncioExecutor) -> None:
    """End it from another thread while it spins."""
    spin_once(executor)
    thread = threading.Thread(target=executor.shutdown)
    executor.create_task(thread.start)
    try:
        executor.spin()
    finally:
        thread.join()


WAYS = [by_shutdown, by_with, by_callback, by_thread]


@pytest.mark.parametrize("way", WAYS)
def test_an_exception_of_the_cleanup_is_raised(
    context: Context, way: Callable[[AsyncioExecutor], None]
) -> None:
    """What a coroutine raises while it is ended comes out of the call that ends it."""
    error = WrongError("in the cleanup")
    begun = threading.Event()
    executor = AsyncioExecutor(context=context)
    executor.create_task(raise_when_cancelled(error, begun.set))
    with pytest.raises(WrongError) as caught:
        way(executor)
    assert begun.is_set()
    assert caught.value is error
    assert executor.shutdown()  # and once only


@pytest.mark.parametrize("way", WAYS)
def test_the_hook_hears_of_an_exception_of_the_cleanup(
    context: Context, way: Callable[[AsyncioExecutor], None]
) -> None:
    """With a hook it is the hook that is told, and nothing is raised."""
    error, told = WrongError("in the cleanup"), list[BaseException]()
    executor = AsyncioExecutor(context=context, on_error=lambda error, _: told.append(error))
    executor.create_task(raise_when_cancelled(error, lambda: None))
    way(executor)
    assert told == [error]


def test_an_exception_that_ends_a_program_is_not_hidden_by_its_cleanup(context: Context) -> None:
    """The first exception leaves the with block; the later one goes to the loop's handler."""
    first, told = WrongError("first"), list[BaseException]()

    def main() -> None:
        with AsyncioExecutor(context=context) as executor:
            handler = lambda _, context: told.append(context["exception"])  # noqa: E731
            executor.loop.set_exception_handler(handler)
            executor.create_task(raise_when_cancelled(LookupError("later"), lambda: None))
            spin_once(executor)
            executor.create_task(plainly(first))
            executor.spin()

    with pytest.raises(WrongError) as caught:
        main()
    assert caught.value is first
    assert [str(error) for error in told] == ["later"]


def test_a_cancellation_at_the_end_hides_no_exception(run: Run, context: Context) -> None:
    """Whoever is cancelled while the block ends waits for its end, and raises what ended it."""
    error = WrongError("of everything")
    steps: list[str] = []

    async def main() -> None:
        ends, may_end = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ends.set()
                await may_end.wait()
                steps.append("cleaned up")

        async def block() -> None:
            async with AsyncioExecutor(context=context) as executor:
                executor.create_task(slow)
                executor.create_task(plainly(error))
                await executor.create_future()

        task = asyncio.create_task(block())
        await ends.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        may_end.set()
        with pytest.raises(WrongError) as caught:
            await task
        assert caught.value is error
        assert steps == ["cleaned up"]

    run(main)


def test_a_cancellation_at_the_end_is_not_lost(run: Run, context: Context) -> None:
    """It is raised when everything has ended, if nothing else is."""

    async def main() -> None:
        ends, may_end = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ends.set()
                await may_end.wait()

        async def block() -> None:
            async with AsyncioExecutor(context=context) as executor:
                executor.create_task(slow)
                await asyncio.sleep(0.01)

        task = asyncio.create_task(block())
        await ends.wait()
        task.cancel()
        await asyncio.sleep(0)
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(main)


def test_the_block_waits_where_each_await_is_cancelled_again(run: Run, context: Context) -> None:
    """Coroutines end their cleanup before the block does, as under asyncio.timeout."""
    steps: list[str] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def drive() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                for _ in range(20):
                    await asyncio.sleep(0)
                steps.append("stopped")

        async def block() -> None:
            async with AsyncioExecutor(context=context) as executor:
                executor.create_task(drive)
                await executor.create_future()

        task = asyncio.create_task(block())
        await begun.wait()
        scope = CancelsAgain(task)
        scope.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert steps == ["stopped"]
        assert scope.times > 5

    run(main)


def test_the_block_waits_in_a_scope_of_anyio(run: Run, context: Context) -> None:
    """With anyio itself, and the scope is quiet meanwhile: it costs no turn of the loop."""
    anyio = pytest.importorskip("anyio")
    steps: list[str] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def drive() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.01)
                steps.append("stopped")

        async def block() -> None:
            async with AsyncioExecutor(context=context) as executor:
                executor.create_task(drive)
                await executor.create_future()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(block)
            await begun.wait()
            tasks.cancel_scope.cancel()
        assert steps == ["stopped"]
        with anyio.move_on_after(0) as scope:
            await asyncio.sleep(1)
        assert scope.cancelled_caught

    run(main)


@pytest.mark.parametrize("fails", ["nodes", "loop"])
def test_a_block_that_cannot_be_entered_leaves_the_executor_as_it_was(
    context: Context, lone: Node, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a reader nor a run stays behind, and the executor can be entered elsewhere."""
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    readers: list[int] = []

    class Loop(asyncio.SelectorEventLoop):
        def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]
            if readers:  # the second one fails
                raise NotImplementedError
            super().add_reader(fd, callback, *args)
            readers.append(fd)

        def remove_reader(self, fd: Any) -> bool:
            readers.remove(fd)
            return super().remove_reader(fd)

    async def fail() -> None:
        with pytest.raises(NotImplementedError) as caught:
            await executor.__aenter__()
        assert fails == "nodes" or "Loop has no add_reader()" in str(caught.value)

    async def work() -> None:
        ticked = asyncio.Event()
        lone.create_timer(0.001, ticked.set)
        async with executor:
            await ticked.wait()

    with monkeypatch.context() as patched:
        if fails == "nodes":

            def begin() -> None:
                raise NotImplementedError

            patched.setattr(executor._served_nodes, "begin", begin)
        with asyncio.Runner(loop_factory=Loop if fails == "loop" else None) as runner:
            runner.run(fail())
    assert readers == []
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(work())


def test_tasks_on_the_executors_own_loop_end_with_it(
    context: Context, lone: Node, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever runs on a loop that the executor made is ended as asyncio.run does it."""
    steps: list[str] = []
    kept: list[object] = []

    async def background() -> None:
        steps.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("ended")

    async def fails() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise WrongError("in the cleanup")

    async def generate() -> Any:
        try:
            yield 1
        finally:
            steps.append("generator closed")

    async def callback() -> None:
        timer.cancel()
        kept.append(asyncio.create_task(background()))
        kept.append(asyncio.create_task(fails()))
        generator = generate()
        kept.append(generator)
        await anext(generator)
        await asyncio.to_thread(steps.append, "thread")

    timer = lone.create_timer(0.001, callback)  # type: ignore[arg-type]
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    while "thread" not in steps:
        executor.spin_once(timeout_sec=1)
    loop = executor.loop
    with caplog.at_level(logging.ERROR, "asyncio"):
        assert executor.shutdown()
    assert loop.is_closed()
    assert sorted(steps) == ["begun", "ended", "generator closed", "thread"]
    assert "in the cleanup" in caplog.text


def test_a_coroutine_may_leave_the_block_of_its_executor(run: Run, context: Context) -> None:
    """It is not cancelled, since it waits for the others; what it raises later is reported."""
    error, told = WrongError("later"), list[BaseException]()
    steps: list[str] = []

    async def main() -> None:
        done, gone = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()

        def hear(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            told.append(context["exception"])
            heard.set()

        loop.set_exception_handler(hear)
        executor = await AsyncioExecutor(context=context).__aenter__()

        async def other() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                steps.append("other ended")

        async def leave() -> None:
            await asyncio.sleep(0)
            await executor.__aexit__(None, None, None)
            steps.append("left")
            done.set()
            await gone.wait()
            raise error

        executor.create_task(other)
        executor.create_task(leave)
        await done.wait()
        gone.set()
        await heard.wait()

    run(main)
    assert steps == ["other ended", "left"]
    assert told == [error]


def test_a_block_is_left_once(run: Run, context: Context) -> None:
    """A second task that leaves it waits for the first, and hears nothing of the exception."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        with pytest.raises(RuntimeError, match="not started"):
            await executor.__aexit__(None, None, None)
        await executor.__aenter__()
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await may_end.wait()
                raise WrongError

        executor.create_task(slow)
        await begun.wait()
        leaving = [asyncio.create_task(executor.__aexit__(None, None, None)) for _ in range(3)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert not any(task.done() for task in leaving)
        may_end.set()
        first, *others = await asyncio.gather(*leaving, return_exceptions=True)
        assert isinstance(first, WrongError)
        assert others == [None, None]
        await executor.__aexit__(None, None, None)

    run(main)
