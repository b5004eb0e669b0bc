# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks in worker threads: where they run, how many, and what comes of their exceptions.

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.threads import Arrange, Threads, a_message, a_request, answer, of_every_kind

if TYPE_CHECKING:
    from tests.support.makers import Run

DEADLINE_SEC = 10.0


@of_every_kind
def test_callbacks_run_in_workers(run: Run, context: Context, lone: Node, arrange: Arrange) -> None:
    """Of every kind of entity with callbacks; the threads have a name."""

    async def main() -> None:
        called = Threads()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            arrange(lone, ThreadCallbackGroup(1), called.note)
            thread = await called.next()
            assert thread is not threading.current_thread()
            assert thread.name.startswith("aiorcl worker")

    run(main)


@of_every_kind
def test_coroutine_callbacks_run_on_the_loop(
    run: Run, context: Context, lone: Node, arrange: Arrange
) -> None:
    """What a callback returns decides: a coroutine goes on on the loop."""

    async def main() -> None:
        called = Threads()

        async def callback(*_: object) -> Trigger.Response | None:
            called.note()
            return Trigger.Response() if arrange is a_request else None

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            # By a plain function, which runs in the worker and returns the coroutine.
            arrange(lone, ThreadCallbackGroup(1), lambda *args: callback(*args))
            assert await called.next() is threading.current_thread()

    run(main)


def test_a_coroutine_function_is_called_on_the_loop(run: Run, context: Context, lone: Node) -> None:
    """It needs no worker, and no thread is made for it."""

    async def main() -> None:
        called = Threads()

        async def callback(_: Int64) -> None:
            called.note()

        before = threading.active_count()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            a_message(lone, ThreadCallbackGroup(1), callback)
            assert await called.next() is threading.current_thread()
            assert threading.active_count() == before

    run(main)


def test_the_loop_goes_on_meanwhile(run: Run, context: Context, lone: Node) -> None:
    """A callback that blocks holds up nothing but its group."""

    async def main() -> None:
        ticks = asyncio.Event()
        loop = asyncio.get_running_loop()
        called = Threads()

        def blocks(message: Int64) -> None:
            # Nothing sets it but a timer of the loop.
            asyncio.run_coroutine_threadsafe(ticks.wait(), loop).result()
            called.note()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            a_message(lone, ThreadCallbackGroup(1), blocks)
            lone.create_timer(0.001, ticks.set)
            await called.next()

    run(main)


def test_so_many_run_at_a_time(run: Run, context: Context, lone: Node) -> None:
    """As many as there are workers, and what has none waits in the middleware."""
    pair = threading.Barrier(2)
    lock = threading.Lock()
    running, most = 0, 0
    received: list[int] = []

    async def main() -> None:
        called = Threads()

        def callback(message: Int64) -> None:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            pair.wait(DEADLINE_SEC)
            with lock:
                running -= 1
                received.append(message.data)
            called.note()

        group = ThreadCallbackGroup(2)
        lone.create_subscription(Int64, "topic", callback, 10, callback_group=group)
        publisher = lone.create_publisher(Int64, "topic", 10)
        for number in range(6):
            publisher.publish(Int64(data=number))
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for _ in range(6):
                await called.next()

    run(main)
    assert most == 2
    assert sorted(received) == list(range(6))


def test_one_worker_keeps_the_order(run: Run, context: Context, lone: Node) -> None:
    """With one worker the group is mutually exclusive, and messages keep their order."""
    received: list[int] = []

    async def main() -> None:
        called = Threads()

        def callback(message: Int64) -> None:
            received.append(message.data)
            called.note()

        group = ThreadCallbackGroup(1)
        lone.create_subscription(Int64, "topic", callback, 50, callback_group=group)
        publisher = lone.create_publisher(Int64, "topic", 50)
        for number in range(50):
            publisher.publish(Int64(data=number))
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for _ in range(50):
                await called.next()

    run(main)
    assert received == list(range(50))


def relay_of(node: Node) -> None:
    """Offer a service whose handler calls another one, and blocks."""
    client = node.create_client(Trigger, "inner")

    def relay(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        answered = client.call(request)
        assert answered is not None
        response.success, response.message = answered.success, "relayed"
        return response

    node.create_service(Trigger, "outer", relay, callback_group=ThreadCallbackGroup(1))


def test_a_handler_calls_a_service_of_its_own_node(run: Run, context: Context, lone: Node) -> None:
    """client.call() in a callback returns, and the response is sent when the callback returns."""

    async def main() -> None:
        lone.create_service(Trigger, "inner", answer)
        relay_of(lone)
        client = lone.create_client(Trigger, "outer")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for _ in range(3):
                response = await client.call_async(Trigger.Request())
                assert response is not None
                assert (response.success, response.message) == (True, "relayed")

    run(main)


def test_it_works_under_spin(context: Context, lone: Node) -> None:
    """Also when the executor runs a loop of its own, one callback at a time."""
    lone.create_service(Trigger, "inner", answer)
    relay_of(lone)
    client = lone.create_client(Trigger, "outer")
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        future = client.call_async(Trigger.Request())
        executor.spin_until_future_complete(future, timeout_sec=DEADLINE_SEC)
        assert future.result().success
        future = client.call_async(Trigger.Request())
        while not future.done():
            executor.spin_once(timeout_sec=DEADLINE_SEC)


def test_an_execute_callback_blocks_in_a_worker(run: Run, context: Context, lone: Node) -> None:
    """An action server of the group executes its goals in workers, and they may call services."""

    async def main() -> None:
        thread: list[threading.Thread] = []
        inner = lone.create_client(Trigger, "inner")

        def execute(goal: Any) -> Fibonacci.Result:
            thread.append(threading.current_thread())
            assert inner.call(Trigger.Request()).success
            goal.succeed()
            return Fibonacci.Result(sequence=[1, 1])

        lone.create_service(Trigger, "inner", answer)
        group = ThreadCallbackGroup(1)
        ActionServer(lone, Fibonacci, "action", execute, callback_group=group)
        client = ActionClient(lone, Fibonacci, "action")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            handle = await client.send_goal_async(Fibonacci.Goal())
            assert handle is not None
            result = await handle.get_result_async()
            assert result is not None
            assert list(result.result.sequence) == [1, 1]
            assert thread[0] is not threading.current_thread()

    run(main)


def test_a_cancellation_comes_through(run: Run, context: Context, lone: Node) -> None:
    """An action server of the group decides on the loop while a goal has its only thread."""

    async def main() -> None:
        begun, cancelled = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def execute(goal: Any) -> Fibonacci.Result:
            loop.call_soon_threadsafe(begun.set)
            assert cancelled.wait(DEADLINE_SEC)
            goal.succeed()
            return Fibonacci.Result()

        def cancel(goal: Any) -> CancelResponse:
            cancelled.set()
            return CancelResponse.REJECT

        ActionServer(
            *(lone, Fibonacci, "action", execute),
            cancel_callback=cancel,
            callback_group=ThreadCallbackGroup(1),
        )
        client = ActionClient(lone, Fibonacci, "action")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            handle = await client.send_goal_async(Fibonacci.Goal())
            assert handle is not None
            await begun.wait()
            await handle.cancel_goal_async()
            result = await handle.get_result_async()
            assert result is not None
            assert result.status == GoalStatus.STATUS_SUCCEEDED

    run(main)


@of_every_kind
def test_an_exception_ends_the_run(
    run: Run, context: Context, lone: Node, arrange: Arrange
) -> None:
    """It comes out of async with, with the traceback of the worker."""

    def fails(*_: object) -> None:
        raise LookupError("on purpose")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            arrange(lone, ThreadCallbackGroup(1), fails)
            await asyncio.Event().wait()

    with pytest.raises(LookupError, match="on purpose") as raised:
        run(main)
    assert raised.traceback[-1].name == "fails"


def test_on_error_gets_it_and_the_place_is_free_again(
    run: Run, context: Context, lone: Node
) -> None:
    """The hook is called on the loop's thread, with the name of the entity."""
    errors: list[tuple[str, str, bool]] = []

    async def main() -> None:
        here = threading.current_thread()
        both = asyncio.Event()

        def fails(message: Int64) -> None:
            raise LookupError(str(message.data))

        def on_error(error: BaseException, source: str) -> None:
            errors.append((str(error), source, threading.current_thread() is here))
            if len(errors) == 2:
                both.set()

        group = ThreadCallbackGroup(1)
        lone.create_subscription(Int64, "topic", fails, 10, callback_group=group)
        publisher = lone.create_publisher(Int64, "topic", 10)
        for number in range(2):
            publisher.publish(Int64(data=number))
        async with AsyncioExecutor(context=context, on_error=on_error) as executor:
            executor.add_node(lone)
            await both.wait()

    run(main)
    source = f"subscription '/topic' of node '{lone.get_fully_qualified_name()}'"
    assert errors == [("0", source, True), ("1", source, True)]
