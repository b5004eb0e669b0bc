# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The loop of an executor: who makes it, who closes it, and that it is a loop like any other.

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, EventLoop, new_event_loop
from tests.support.elsewhere import call_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.makers import MakeNode, Run

    LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def test_the_executor_closes_the_loop_that_it_made(context: Context) -> None:
    """A loop that nobody gave is of our kind, is kept between spins, and ends with shutdown."""
    executor = AsyncioExecutor(context=context)
    executor.spin_once(timeout_sec=0)
    loop = executor.loop
    assert isinstance(loop, EventLoop)
    executor.spin_once(timeout_sec=0)
    assert executor.loop is loop
    assert not loop.is_closed()
    executor.shutdown()
    assert loop.is_closed()


def test_the_executor_leaves_a_loop_that_it_was_given(
    context: Context, loop_factory: LoopFactory
) -> None:
    """A loop that the caller gave is used, and stays open."""
    with contextlib.closing(loop_factory()) as loop:
        executor = AsyncioExecutor(context=context, loop=loop)
        assert executor.loop is loop
        executor.spin_once(timeout_sec=0)
        executor.shutdown()
        assert not loop.is_closed()
        assert loop.run_until_complete(asyncio.sleep(0, "usable")) == "usable"


def test_the_executor_takes_the_running_loop(run: Run, context: Context) -> None:
    """Inside a coroutine the loop is the running one."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        assert executor.loop is asyncio.get_running_loop()
        executor.shutdown()
        assert not asyncio.get_running_loop().is_closed()

    run(main)


def test_callbacks_may_ask_for_the_running_loop(
    context: Context, lone: Node, loop_factory: LoopFactory
) -> None:
    """Under every spin call a plain callback finds the executor's loop running."""
    loops: list[asyncio.AbstractEventLoop] = []
    lone.create_timer(0.001, lambda: loops.append(asyncio.get_running_loop()))
    with contextlib.closing(loop_factory()) as loop:
        executor = AsyncioExecutor(context=context, loop=loop)
        executor.add_node(lone)
        while len(loops) < 2:
            executor.spin_once(timeout_sec=10)
        executor.spin_until_future_complete(executor.create_future(), timeout_sec=0.05)
        executor.shutdown()
        assert len(loops) > 2
        assert set(loops) == {loop}


def test_tasks_of_asyncio_run_beside_a_spin(
    context: Context, lone: Node, loop_factory: LoopFactory
) -> None:
    """What is scheduled on ``executor.loop`` runs while any spin call runs."""
    lone.create_timer(0.001, lambda: None)
    with contextlib.closing(loop_factory()) as loop:
        executor = AsyncioExecutor(context=context, loop=loop)
        executor.add_node(lone)
        task = loop.create_task(asyncio.sleep(0.01, "slept"))
        while not task.done():
            executor.spin_once(timeout_sec=10)
        assert task.result() == "slept"
        executor.shutdown()


def test_spin_once_gives_the_loop_its_turn(
    context: Context, lone: Node, loop_factory: LoopFactory
) -> None:
    """A loop that is spun by spin_once alone keeps its turn though an entity is always ready."""
    publisher = lone.create_publisher(Int64, "topic", 10)
    lone.create_subscription(Int64, "topic", publisher.publish, 10)
    publisher.publish(Int64())
    with contextlib.closing(loop_factory()) as loop:
        executor = AsyncioExecutor(context=context, loop=loop)
        executor.add_node(lone)
        task = loop.create_task(asyncio.sleep(0.01, "slept"))
        while not task.done():
            executor.spin_once(timeout_sec=10)
        executor.shutdown()


def test_a_closed_loop_harms_nobody(context: Context, lone: Node) -> None:
    """After its loop was closed an executor may still be told things, and be shut down."""
    loop = asyncio.new_event_loop()
    executor = AsyncioExecutor(context=context, loop=loop)
    executor.add_node(lone)
    executor.spin_once(timeout_sec=0)
    future = executor.create_future()
    loop.close()
    executor.wake()
    lone.create_timer(1.0, lambda: None)
    future.set_result(1)
    executor.remove_node(lone)
    assert executor.shutdown() is True


def test_a_future_outlives_the_loop_of_its_waiter(context: Context) -> None:
    """A thread may complete a future whose waiter's loop was closed meanwhile."""

    async def main(future: Any) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(future), 0.001)

    executor = AsyncioExecutor(context=context, loop=new_event_loop())
    future = executor.create_future()
    with contextlib.suppress(asyncio.CancelledError):
        executor.loop.run_until_complete(main(future))
    executor.loop.close()
    call_elsewhere(lambda: future.set_result(1))
    assert executor.shutdown() is True


class TestLoop:
    """A loop of ours is asyncio's, with and without an executor that it hosts."""

    @pytest.fixture(params=[True, False], ids=["hosting", "alone"])
    def host(
        self, request: pytest.FixtureRequest, context: Context, lone: Node
    ) -> Callable[[Callable[[], Any]], Any]:
        """Run a coroutine function on a loop of ours, beside an executor with a busy timer."""

        async def hosting(main: Callable[[], Any]) -> Any:
            async with AsyncioExecutor(context=context) as executor:
                lone.create_timer(0.0005, lambda: None)
                executor.add_node(lone)
                return await main()

        def host(main: Callable[[], Any]) -> Any:
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                return runner.run(hosting(main) if request.param else main())

        return host

    def test_sleeps_last_as_long_as_asked(self, host: Any) -> None:
        """Timers of the loop come in their order, and not early."""

        async def main() -> None:
            order: list[int] = []

            async def sleep(milliseconds: int) -> None:
                start = time.monotonic()
                await asyncio.sleep(milliseconds / 1000)
                assert time.monotonic() - start >= milliseconds / 1000 - 0.0001
                order.append(milliseconds)

            await asyncio.gather(*(sleep(milliseconds) for milliseconds in (30, 1, 15)))
            assert order == [1, 15, 30]

        host(main)

    def test_sockets_are_served(self, host: Any) -> None:
        """A stream of bytes goes through a pair of sockets."""

        async def main() -> None:
            loop = asyncio.get_running_loop()
            ours, theirs = socket.socketpair()
            with ours, theirs:
                ours.setblocking(False)
                theirs.setblocking(False)
                for number in range(100):
                    await loop.sock_sendall(ours, bytes([number]))
                    assert await loop.sock_recv(theirs, 1) == bytes([number])

        host(main)

    def test_threads_call_in(self, host: Any) -> None:
        """call_soon_threadsafe wakes the loop."""

        async def main() -> None:
            assert await asyncio.to_thread(max, 1, 2) == 2
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            thread = threading.Thread(
                target=loop.call_soon_threadsafe, args=(future.set_result, "called")
            )
            thread.start()
            assert await future == "called"
            thread.join()

        host(main)

    def test_subprocesses_are_awaited(self, host: Any) -> None:
        """A child process is watched, and its output read."""

        async def main() -> None:
            process = await asyncio.create_subprocess_exec(
                "echo", "said", stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
            assert (output, process.returncode) == (b"said\n", 0)

        host(main)


def test_loops_run_in_several_threads(make_node: MakeNode, run: Run, context: Context) -> None:
    """Executors on loops of three threads pass numbers to each other, in order."""
    received: list[list[int]] = [[] for _ in range(3)]

    def work(number: int) -> None:
        node = make_node()
        publisher = node.create_publisher(Int64, f"from_{number}", 100)
        source = f"from_{(number + 1) % 3}"
        mine = received[number]

        async def main() -> None:
            async with asyncio.timeout(10):
                async with AsyncioExecutor(context=context) as executor:
                    done = asyncio.Event()

                    def callback(message: Int64) -> None:
                        mine.append(message.data)
                        if len(mine) == 50:
                            done.set()

                    node.create_subscription(Int64, source, callback, 100)
                    executor.add_node(node)
                    await asyncio.to_thread(ready.wait)
                    for value in range(50):
                        publisher.publish(Int64(data=value))
                    await done.wait()
                    await asyncio.to_thread(ready.wait)

        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(main())

    ready = threading.Barrier(3)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert received == [list(range(50))] * 3


def test_a_subclass_schedules_in_its_own_way() -> None:
    """Methods that a subclass overrides are called, and may call ours, with a context too."""
    scheduled: list[str] = []
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)

    class Loop(EventLoop):
        def call_soon(self, *args: Any, **options: Any) -> asyncio.Handle:  # type: ignore[override]
            scheduled.append("soon")
            return super().call_soon(*args, **options)

        def call_at(self, *args: Any, **options: Any) -> asyncio.TimerHandle:  # type: ignore[override]
            scheduled.append("at")
            return super().call_at(*args, **options)

    context = contextvars.copy_context()
    context.run(variable.set, 5)
    with contextlib.closing(Loop()) as loop:
        loop.set_debug(True)
        values: list[int] = []
        loop.call_soon(lambda: values.append(variable.get()), context=context)
        loop.call_later(0, lambda: values.append(variable.get()))
        loop.call_later(0.001, loop.stop)
        loop.run_forever()
        assert values == [5, 0]
        assert scheduled == ["soon", "at", "at"]
        with pytest.raises(TypeError, match="callback"):
            loop.call_soon()
