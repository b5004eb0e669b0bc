# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Futures of rclpy under asyncio: awaited in every way that asyncio has, on every kind of loop.

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.client import Client
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import SetBool

from aiorcl import AsyncioExecutor, new_event_loop

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

YES = SetBool.Request(data=True)


def echo(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
    """Answer with what was asked."""
    response.success = request.data
    return response


@pytest.fixture
def server(make_node: MakeNode) -> Node:
    """A node that answers, once it is on an executor."""
    node = make_node()
    node.create_service(SetBool, "service", echo)
    return node


@pytest.fixture
def asker(make_node: MakeNode) -> Node:
    """A node that asks."""
    return make_node()


@pytest.fixture
def client(asker: Node) -> Client[Any, Any]:
    """A client of ``asker``."""
    return asker.create_client(SetBool, "service")


def open_requests(client: Client[Any, Any]) -> int:
    """Count the first requests of a client that it still has."""
    count = 0
    for sequence_number in range(10):
        with contextlib.suppress(KeyError):
            client.get_pending_request(sequence_number)
            count += 1
    return count


async def turns(count: int = 20) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_call_is_awaited_in_a_task(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """``await client.call_async(request)`` returns the response."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            executor.add_node(asker)
            assert (await client.call_async(YES)).success is True
            assert (await client.call_async(SetBool.Request(data=False))).success is False

    run(main)


def test_a_call_is_awaited_before_its_node_is_added(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """A task may wait for the response before any executor has the client."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            future = client.call_async(YES)
            waiting = asyncio.ensure_future(future)
            await turns()
            assert not waiting.done()
            executor.add_node(asker)
            assert (await waiting).success is True
            assert (await future).success is True

    run(main)


def test_a_call_is_awaited_in_a_callback(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """A coroutine callback awaits a call of its own node; nothing deadlocks."""

    async def main() -> None:
        done = asyncio.get_running_loop().create_future()

        async def callback(message: Int64) -> None:
            response = await client.call_async(SetBool.Request(data=message.data == 1))
            done.set_result(response.success)

        asker.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            executor.add_node(asker)
            asker.create_publisher(Int64, "topic", 10).publish(Int64(data=1))
            assert await done is True

    run(main)


def test_calls_are_gathered(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """gather, wait and as_completed take futures of rclpy as they take coroutines."""
    asked = [True, False, True]

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            executor.add_node(asker)

            def calls() -> list[Future[Any]]:
                return [client.call_async(SetBool.Request(data=data)) for data in asked]

            assert [r.success for r in await asyncio.gather(*calls())] == asked
            completed = [(await r).success for r in asyncio.as_completed(calls())]
            assert sorted(completed) == sorted(asked)
            tasks = [asyncio.ensure_future(call) for call in calls()]
            done, pending = await asyncio.wait(tasks)
            assert [task.result().success for task in tasks] == asked
            assert (len(done), len(pending)) == (3, 0)

    run(main)


def test_wait_for_returns_the_response(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """wait_for and timeout leave a response that comes in time alone."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            executor.add_node(asker)
            assert (await asyncio.wait_for(client.call_async(YES), 5)).success is True
            async with asyncio.timeout(5):
                assert (await client.call_async(YES)).success is True
            assert (await asyncio.shield(client.call_async(YES))).success is True

    run(main)


@pytest.mark.parametrize("way", ["wait_for", "timeout", "cancel"])
def test_giving_up_drops_the_request(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any], way: str
) -> None:
    """When its only waiter gives up the request is forgotten; a late response is no error."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asker)
            future = client.call_async(YES)
            if way == "wait_for":
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(future, 0.01)
            elif way == "timeout":
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await future
            else:
                waiting = asyncio.ensure_future(future)
                await turns()
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
            assert future.cancelled()
            assert open_requests(client) == 0
            executor.add_node(server)
            assert (await client.call_async(YES)).success is True

    run(main)


def test_one_of_two_waiters_gives_up(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """While another task waits the request stays, and that task gets its response."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asker)
            future = client.call_async(YES)
            assert open_requests(client) == 1
            first, second = (asyncio.ensure_future(future) for _ in range(2))
            await turns()
            first.cancel()
            await turns()
            assert not future.cancelled()
            executor.add_node(server)
            assert (await second).success is True
            assert first.cancelled()

    run(main)


def test_a_request_that_someone_else_wants_is_kept(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """A done callback is a waiter as well."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asker)
            future = client.call_async(YES)
            wanted = asyncio.get_running_loop().create_future()
            future.add_done_callback(lambda done: wanted.set_result(done.result()))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(future, 0.01)
            executor.add_node(server)
            assert (await wanted).success is True

    run(main)


def test_waiting_costs_no_cpu(
    run: Run, context: Context, asker: Node, client: Client[Any, Any]
) -> None:
    """While ten tasks wait for responses the process uses a small part of one processor.

    rclpy's own await keeps a task of asyncio busy: there the part is all of one.
    """

    async def main() -> float:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asker)
            waiting = [asyncio.ensure_future(client.call_async(YES)) for _ in range(10)]
            await turns()
            cpu, wall = time.process_time(), time.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await client.call_async(YES)
            ratio = (time.process_time() - cpu) / (time.monotonic() - wall)
            for task in waiting:
                task.cancel()
            return ratio

    assert run(main) < 0.3


def test_a_future_of_another_thread_is_awaited(run: Run, context: Context) -> None:
    """A future of the executor may be completed anywhere, and is awaited by any number of tasks."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            future = executor.create_future()
            waiting = [asyncio.ensure_future(future) for _ in range(3)]
            await turns()
            await asyncio.to_thread(future.set_result, 6)
            assert await asyncio.gather(*waiting) == [6, 6, 6]
            assert await future == 6

    run(main)


def test_a_future_without_executor_is_awaited(run: Run) -> None:
    """With aiorcl imported a plain future of rclpy works under asyncio, with no executor at all."""

    async def main() -> None:
        future: Future[int] = Future()
        waiting = asyncio.ensure_future(future)
        await turns()
        assert not waiting.done()
        await asyncio.to_thread(future.set_result, 1)
        assert await waiting == 1

    run(main)


def test_an_exception_is_raised_where_it_is_awaited(run: Run, context: Context) -> None:
    """``await`` raises the exception that was set on the future."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            future = executor.create_future()
            executor.loop.call_soon(future.set_exception, LookupError("on purpose"))
            with pytest.raises(LookupError, match="on purpose"):
                await future

    run(main)


def test_a_cancelled_future_cancels_who_awaits_it(run: Run, context: Context) -> None:
    """``await`` of a future that was, or gets, cancelled raises CancelledError."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            for when in ("before", "while"):
                future = executor.create_future()
                if when == "before":
                    future.cancel()
                else:
                    executor.loop.call_soon(future.cancel)
                with pytest.raises(asyncio.CancelledError):
                    await future

    run(main)


def test_a_task_of_the_executor_is_awaited(run: Run, context: Context) -> None:
    """What create_task returns is awaited like a task of asyncio."""

    async def work(number: int) -> int:
        await asyncio.sleep(0)
        return number + 1

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            assert await executor.create_task(work, 1) == 2
            assert await executor.create_task(work(2)) == 3
            assert await executor.create_task(max, 3, 4) == 4

    run(main)


def test_a_future_of_another_loop_raises_at_once(run: Run, context: Context) -> None:
    """Awaiting a future on another loop than its executor's could never end well."""
    other = AsyncioExecutor(context=context, loop=(loop := new_event_loop()))
    assert other.loop is loop
    future = other.create_future()

    async def main() -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await future

    try:
        run(main)
    finally:
        other.shutdown()
        loop.close()


def test_tasks_of_rclpy_see_the_await_of_rclpy(run: Run, context: Context) -> None:
    """A rclpy executor that is polled from inside a running loop steps its own tasks."""

    async def main() -> None:
        future: Future[int] = Future()

        async def inner() -> int | None:
            return await future

        async def work() -> int | None:
            return await inner()

        with SingleThreadedExecutor(context=context) as polled:
            task = polled.create_task(work)
            for _ in range(3):
                polled.spin_once(timeout_sec=0)
                await asyncio.sleep(0)
            assert not task.done()
            await asyncio.to_thread(future.set_result, 5)
            while not task.done():
                polled.spin_once(timeout_sec=0)
                await asyncio.sleep(0)
            assert task.result() == 5

    run(main)


def test_both_kinds_of_tasks_await_one_future(run: Run, context: Context) -> None:
    """A task of asyncio and a task of rclpy, polled beside it, may wait for the same future."""

    async def main() -> None:
        future: Future[int] = Future()

        async def work() -> int | None:
            return await future

        async with AsyncioExecutor(context=context) as executor:
            ours = executor.create_task(work)
            plain = asyncio.ensure_future(work())
            with SingleThreadedExecutor(context=context) as polled:
                task = polled.create_task(work)
                polled.spin_once(timeout_sec=0)
                await turns()
                future.set_result(7)
                while not task.done():
                    polled.spin_once(timeout_sec=0)
                    await asyncio.sleep(0)
                assert [await ours, await plain, task.result()] == [7, 7, 7]

    run(main)


def test_a_call_is_awaited_from_a_task_under_spin(
    context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """Under ``spin_until_future_complete`` tasks await calls as they do under ``async with``."""

    async def main() -> bool:
        async with asyncio.timeout(5):
            return bool((await client.call_async(YES)).success)

    with AsyncioExecutor(context=context) as executor:
        executor.add_node(server)
        executor.add_node(asker)
        task = executor.create_task(main)
        executor.spin_until_future_complete(task, timeout_sec=10)
        assert task.result() is True


def test_a_thread_asks_while_the_loop_runs(
    run: Run, context: Context, server: Node, asker: Node, client: Client[Any, Any]
) -> None:
    """A blocking ``client.call`` in another thread works while the executor serves both ends."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            executor.add_node(asker)
            response = await asyncio.to_thread(client.call, YES)
            assert response.success is True
            assert threading.current_thread() is threading.main_thread()

    run(main)
