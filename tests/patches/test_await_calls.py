# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Calls of services under asyncio: awaited in every way that asyncio has, on every kind of loop.

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from types import MethodType
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.client import Client
from rclpy.context import Context
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import SetBool

from aiorcl import AsyncioExecutor
from tests.support.turns import turns

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


@pytest.mark.parametrize("where", ["class", "object"])
def test_giving_up_asks_the_method_of_the_client(
    run: Run, context: Context, asker: Node, client: Client[Any, Any], where: str
) -> None:
    """That of a subclass, or one that somebody has put on the object."""
    asked: list[object] = []

    def remove(client: Any, future: Any) -> None:
        asked.append(future)
        Client.remove_pending_request(client, future)

    changed: Any = client
    if where == "class":
        changed.__class__ = type("Own", (Client,), {"remove_pending_request": remove})
    else:
        changed.remove_pending_request = MethodType(remove, client)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(asker)
            future = client.call_async(YES)
            waiting = asyncio.ensure_future(future)
            await turns()
            waiting.cancel()
            await asyncio.wait([waiting])
            await turns()
            assert asked == [future]
            assert open_requests(client) == 0

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


def test_the_future_of_a_call_is_rclpys(
    context: Context, asker: Node, client: Client[Any, Any]
) -> None:
    """It is what the constructor of rclpy makes, with callbacks and a lock of its own.

    That lock its thread may take again.
    """
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(asker)
        first, second = client.call_async(YES), client.call_async(YES)
        made: Future[Any] = Future()
        assert type(first) is Future
        assert list(vars(first)) == list(vars(made))
        assert first._callbacks == [client.remove_pending_request]
        for name, value in vars(made).items():
            if name != "_lock":
                assert type(vars(first)[name]) is type(value), name
        with first._lock, first._lock:
            pass
        assert first._lock is not second._lock
        assert first._callbacks is not second._callbacks
        assert (first.done(), first.cancelled(), first.result()) == (False, False, None)
        for future in (first, second):
            future.cancel()


def test_a_client_with_futures_of_its_own(
    run: Run, context: Context, server: Node, asker: Node
) -> None:
    """A future of another class is completed by its own methods."""
    completed: list[Any] = []

    class MyFuture(Future):  # type: ignore[type-arg]  # no generic on Jazzy
        def set_result(self, result: Any) -> None:
            completed.append(result)
            super().set_result(result)

    class MyClient(Client):  # type: ignore[type-arg]  # nor this one
        def call_async(self, request: Any) -> Future[Any]:
            future = super().call_async(request)
            future.__class__ = MyFuture
            return future

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            client = asker.create_client(SetBool, "service")
            client.__class__ = MyClient
            executor.add_node(asker)
            response = await client.call_async(YES)
            assert completed == [response]

    run(main)
