# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# async with: serves nodes on the running loop, and ends with everything that it began.

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor
from tests.support.counters import Holdings
from tests.support.elsewhere import call_elsewhere
from tests.support.raising import ARRANGEMENTS, CALLBACKS, WrongError, name

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run
    from tests.support.raising import Arrange, Make


class Inbox:
    """Receives messages, and lets a task wait for them."""

    def __init__(self, node: Node, topic: str = "topic") -> None:
        self.received: list[int] = []
        self._more = asyncio.Event()
        node.create_subscription(Int64, topic, self._callback, 2000)

    def _callback(self, message: Int64) -> None:
        self.received.append(message.data)
        self._more.set()

    async def count(self, count: int) -> list[int]:
        """Wait until so many messages have come."""
        while len(self.received) < count:
            self._more.clear()
            await self._more.wait()
        return self.received


def publish(node: Node, *numbers: int) -> None:
    """Publish numbers."""
    publisher = node.create_publisher(Int64, "topic", 2000)
    for number in numbers:
        publisher.publish(Int64(data=number))


def test_nodes_are_served_inside_the_block(run: Run, context: Context, lone: Node) -> None:
    """A node that is added before or inside the block is served while the block is active."""

    async def main() -> None:
        inbox = Inbox(lone)
        publish(lone, 1, 2)
        executor = AsyncioExecutor(context=context)
        executor.add_node(lone)
        async with executor as entered:
            assert entered is executor
            assert executor.loop is asyncio.get_running_loop()
            assert await inbox.count(2) == [1, 2]
            publish(lone, 3)
            assert await inbox.count(3) == [1, 2, 3]
        publish(lone, 4)
        await asyncio.sleep(0)
        assert inbox.received == [1, 2, 3]
        assert executor.get_nodes() == []

    run(main)


def test_every_kind_of_entity_is_served(run: Run, context: Context, lone: Node) -> None:
    """Timers, services, clients, subscriptions and guard conditions run side by side."""

    async def main() -> None:
        inbox = Inbox(lone)
        ticked, triggered = asyncio.Event(), asyncio.Event()
        lone.create_timer(0.001, ticked.set)
        guard = lone.create_guard_condition(triggered.set)

        async def handler(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            await asyncio.sleep(0)
            response.success = True
            return response

        lone.create_service(Trigger, "service", handler)
        client = lone.create_client(Trigger, "service")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publish(lone, 1)
            assert (await client.call_async(Trigger.Request())).success
            await ticked.wait()
            guard.trigger()
            await triggered.wait()
            assert await inbox.count(1) == [1]

    run(main)


@pytest.mark.parametrize("make", CALLBACKS, ids=name)
@pytest.mark.parametrize("arrange", ARRANGEMENTS, ids=name)
def test_an_exception_leaves_the_block_bare(
    run: Run, context: Context, lone: Node, arrange: Arrange, make: Make
) -> None:
    """The body is cancelled, cleans up, and the very exception of the callback is raised."""
    error = WrongError("on purpose")
    cleaned_up: list[str] = []

    async def block() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            kept = arrange(executor, lone, make, error)
            try:
                await executor.create_future()
            finally:
                cleaned_up.append("body")
            del kept

    async def main() -> None:
        with pytest.raises(WrongError) as caught:
            await block()
        assert caught.value is error
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        await asyncio.sleep(0)  # the task goes on as if it had never been cancelled

    run(main)
    assert cleaned_up == ["body"]


def test_the_first_exception_wins(run: Run, context: Context) -> None:
    """What the cancelled body, or a later callback, raises does not hide the first exception."""

    def fail(number: int) -> None:
        raise WrongError(number)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(fail, 1)
            executor.create_task(fail, 2)
            try:
                await executor.create_future()
            finally:
                raise LookupError("of the body")

    with pytest.raises(WrongError) as caught:
        run(main)
    assert caught.value.args == (1,)


def test_an_exception_of_the_body_is_its_own(run: Run, context: Context, lone: Node) -> None:
    """What the body raises by itself leaves the block unchanged."""
    error = LookupError("of the body")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            raise error

    with pytest.raises(LookupError) as caught:
        run(main)
    assert caught.value is error


def test_a_cancellation_from_outside_goes_through(run: Run, context: Context, lone: Node) -> None:
    """Who cancels the task that is in the block gets a cancelled task."""

    async def serve(entered: asyncio.Event) -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            entered.set()
            await executor.wait_for_shutdown()

    async def main() -> None:
        entered = asyncio.Event()
        task = asyncio.create_task(serve(entered))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(main)


def test_leaving_the_block_ends_what_is_under_way(run: Run, context: Context, lone: Node) -> None:
    """Coroutines that the executor began are cancelled, and their cleanup is awaited."""
    steps: list[str] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def callback(_: Int64) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                steps.append("cleaned up")

        lone.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
        publish(lone, 1)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await begun.wait()
        assert steps == ["cleaned up"]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main)


def test_cleanup_may_call_a_service_of_another_executor(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """A coroutine that is being cancelled may still await the answer to a call."""
    answers: list[bool] = []

    async def main() -> None:
        begun = asyncio.Event()
        server, asker = make_node(), make_node()
        server.create_service(Trigger, "service", lambda _, response: response)
        client = asker.create_client(Trigger, "service")

        async def work() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await client.call_async(Trigger.Request())
                answers.append(True)

        async with AsyncioExecutor(context=context) as outer:
            outer.add_node(server)
            async with AsyncioExecutor(context=context) as inner:
                inner.add_node(asker)
                inner.create_task(work)
                await begun.wait()

    run(main)
    assert answers == [True]


def test_executors_share_a_loop(run: Run, context: Context, make_node: MakeNode) -> None:
    """Several executors on one loop serve their own nodes, in order."""

    async def main() -> None:
        nodes = [make_node() for _ in range(3)]
        inboxes = [Inbox(node) for node in nodes]
        async with (
            AsyncioExecutor(context=context) as first,
            AsyncioExecutor(context=context) as second,
            AsyncioExecutor(context=context) as third,
        ):
            for executor, node in zip((first, second, third), nodes, strict=True):
                executor.add_node(node)
            publish(nodes[0], *range(100))
            for inbox in inboxes:
                assert await inbox.count(100) == list(range(100))

    run(main)


def test_a_block_is_entered_once(run: Run, context: Context) -> None:
    """An executor that runs, or that has ended, cannot be entered."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        async with executor:
            with pytest.raises(RuntimeError, match="already"):
                await executor.__aenter__()
        with pytest.raises(RuntimeError, match="shut down"):
            await executor.__aenter__()

    run(main)


def test_an_executor_of_another_loop_cannot_be_entered(run: Run, context: Context) -> None:
    """The error says how to make the executor instead."""
    other = asyncio.new_event_loop()
    executor = AsyncioExecutor(context=context, loop=other)

    async def main() -> None:
        with pytest.raises(RuntimeError, match="another loop"):
            await executor.__aenter__()

    try:
        run(main)
    finally:
        executor.shutdown()
        other.close()


def test_a_block_is_left_on_its_loop(run: Run, context: Context) -> None:
    """Elsewhere the error says where, and the executor goes on; there it ends as always."""

    async def main() -> None:
        executor = AsyncioExecutor(context=context)
        await executor.__aenter__()

        def elsewhere() -> None:
            with pytest.raises(RuntimeError, match="entered on another event loop"):
                asyncio.run(executor.__aexit__(None, None, None))

        await asyncio.to_thread(elsewhere)
        assert executor.is_spinning
        await executor.__aexit__(None, None, None)
        assert not executor.is_spinning

    run(main)


def test_the_loop_keeps_its_turn_under_a_flood(run: Run, context: Context, lone: Node) -> None:
    """Timers, sockets and tasks of the loop go on while a subscription is always ready."""

    async def main() -> None:
        publisher = lone.create_publisher(Int64, "topic", 10)
        # Each message sends the next one: there is always one ready.
        lone.create_subscription(Int64, "topic", publisher.publish, 10)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publisher.publish(Int64())
            for _ in range(20):
                await asyncio.sleep(0.001)

            async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(await reader.readexactly(4))
                await writer.drain()
                writer.close()
                await writer.wait_closed()

            server = await asyncio.start_server(echo, "127.0.0.1", 0)
            async with server:
                port = server.sockets[0].getsockname()[1]
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"ping")
                assert await reader.readexactly(4) == b"ping"
                writer.close()
                await writer.wait_closed()

    run(main)


def test_a_thousand_messages_are_published_at_once(run: Run, context: Context, lone: Node) -> None:
    """A burst from the loop's own thread, longer than any budget, arrives in order."""

    async def main() -> None:
        inbox = Inbox(lone)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publish(lone, *range(1000))
            assert await inbox.count(1000) == list(range(1000))

    run(main)


def test_the_block_leaves_nothing_behind(run: Run, context: Context, make_node: MakeNode) -> None:
    """After the block the process holds what it held before: descriptors, threads and tasks."""

    async def main() -> None:
        async def block() -> None:
            node: Any = make_node()
            inbox = Inbox(node)
            async with AsyncioExecutor(context=context) as executor:
                executor.add_node(node)
                publish(node, 1)
                await inbox.count(1)
            node.destroy_node()

        await block()
        gc.collect()
        before = Holdings.now()
        for _ in range(3):
            await block()
        gc.collect()
        assert Holdings.now() == before
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main)


def test_left_on_another_thread(context: Context, lone: Node) -> None:
    """The loop was run there in the end: all that is under way ends, and nothing is kept."""
    loop = asyncio.new_event_loop()
    executor = AsyncioExecutor(context=context)
    cleaned: list[object] = []

    async def callback() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(1)

    async def enter() -> None:
        await executor.__aenter__()
        executor.add_node(lone)
        executor.create_task(callback)
        await asyncio.sleep(0.01)

    async def leave() -> None:
        await executor.__aexit__(None, None, None)

    call_elsewhere(lambda: loop.run_until_complete(enter()))
    loop.run_until_complete(leave())
    assert cleaned == [1]
    assert not executor.is_spinning
    assert executor.get_nodes() == []
    assert executor.shutdown()
    loop.close()
