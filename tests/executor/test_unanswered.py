# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a coroutine asks in its cleanup: a server that was let go holds up no end.

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
import rclpy
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from std_srvs.srv import Empty
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, EntityGoneError, GoalLostError
from aiorcl._serving.unanswered import Unanswered
from tests.support.actions import serve_action
from tests.support.elsewhere import Elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 10.0

#: Waits until something answers that the node of a client asks.
Ask = Callable[[Any], Coroutine[Any, Any, Any]]


def answer(request: Empty.Request, response: Empty.Response) -> Empty.Response:
    """Answer a request at once."""
    return response


async def call(client: Any) -> None:
    """Call as aiorcl does."""
    await aiorcl.call(client, Empty.Request())


async def call_async(client: Any) -> None:
    """Call as rclpy does."""
    await client.call_async(Empty.Request())


async def goal(client: Any) -> None:
    """Send a goal as aiorcl does."""
    async with aiorcl.goal(client, Fibonacci.Goal(order=1)) as running:
        await running.result()


async def send_goal_async(client: Any) -> None:
    """Send a goal as rclpy does."""
    await client.send_goal_async(Fibonacci.Goal(order=1))


SERVICE, ACTION = [call, call_async], [goal, send_goal_async]


def serve(node: Node, ask: Ask) -> None:
    """Offer what answers."""
    if ask in SERVICE:
        node.create_service(Empty, "service", answer)
    else:
        serve_action(node)


def client_for(ask: Ask, node: Node) -> Any:
    """Return what ``ask`` takes."""
    if ask in SERVICE:
        return node.create_client(Empty, "service")
    return ActionClient(node, Fibonacci, "action")


async def ready(client: Any) -> None:
    """Wait for the server."""
    if isinstance(client, ActionClient):
        await aiorcl.action_ready(client)
    else:
        await aiorcl.service_ready(client)


async def clean_up(client: Any, ask: Ask, raised: list[BaseException]) -> None:
    """Ask, and note what that raises."""
    try:
        async with asyncio.timeout(DEADLINE_SEC):
            await ask(client)
    except Exception as error:
        raised.append(error)


async def in_cleanup(
    client: Any, begun: Callable[[], object], ask: Ask, raised: list[BaseException]
) -> None:
    """Ask when the end comes."""
    await ready(client)
    begun()
    try:
        await asyncio.Event().wait()
    finally:
        await clean_up(client, ask, raised)


@pytest.mark.parametrize("ask", [*SERVICE, *ACTION], ids=lambda ask: ask.__name__)
def test_the_server_is_on_the_executor_that_ends(
    context: Context, make_node: MakeNode, ask: Ask
) -> None:
    """It is let go before coroutines end, and they are told."""
    node, server, begun = make_node(), make_node(), threading.Event()
    raised: list[BaseException] = []
    serve(server, ask)
    client = client_for(ask, node)
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    executor.add_node(server)
    with Elsewhere(executor):
        executor.create_task(in_cleanup, client, begun.set, ask, raised)
        assert begun.wait(DEADLINE_SEC)
    assert [type(error) for error in raised] == [EntityGoneError]


@pytest.mark.parametrize("ask", [*SERVICE, *ACTION], ids=lambda ask: ask.__name__)
def test_the_end_of_a_block(run: Run, context: Context, make_node: MakeNode, ask: Ask) -> None:
    """The same, also while its body goes on after a shutdown."""
    node, server = make_node(), make_node()
    raised: list[BaseException] = []
    serve(server, ask)
    client = client_for(ask, node)

    async def main() -> None:
        begun = asyncio.Event()
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            executor.add_node(server)
            task = executor.create_task(in_cleanup, client, begun.set, ask, raised)
            await begun.wait()
            executor.shutdown()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main)
    assert [type(error) for error in raised] == [EntityGoneError]


@pytest.mark.parametrize("ask", [*SERVICE, *ACTION], ids=lambda ask: ask.__name__)
def test_the_server_was_on_an_executor_that_has_ended(
    context: Context, make_node: MakeNode, ask: Ask
) -> None:
    """Its node is still there, and so it is in the graph."""
    node, server, begun = make_node(), make_node(), threading.Event()
    raised: list[BaseException] = []
    serve(server, ask)
    client = client_for(ask, node)
    executor, other = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    executor.add_node(node)
    other.add_node(server)
    with Elsewhere(executor), Elsewhere(other):  # which ends first
        executor.create_task(in_cleanup, client, begun.set, ask, raised)
        assert begun.wait(DEADLINE_SEC)
    assert [type(error) for error in raised] == [EntityGoneError]


@pytest.mark.parametrize("gone", ["executor", "node"])
@pytest.mark.parametrize("ask", [*SERVICE, *ACTION], ids=lambda ask: ask.__name__)
def test_the_server_goes_away_with_the_request(
    context: Context, make_node: MakeNode, ask: Ask, gone: str
) -> None:
    """Before it has looked at it."""
    node, server, begun = make_node(), make_node(), threading.Event()
    asks, raised = threading.Event(), list[BaseException]()
    serve(server, ask)
    client = client_for(ask, node)
    executor, other = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    executor.add_node(node)
    other.add_node(server)  # which nothing runs

    async def ask_and_tell(client: Any) -> None:
        asyncio.get_running_loop().call_later(0, asks.set)  # when it has asked
        await ask(client)

    with Elsewhere(executor):
        executor.create_task(in_cleanup, client, begun.set, ask_and_tell, raised)
        assert begun.wait(DEADLINE_SEC)
        assert not executor.shutdown(0)
        assert asks.wait(DEADLINE_SEC)
        if gone == "node":
            server.destroy_node()
        else:
            other.shutdown()
    assert [isinstance(error, EntityGoneError | GoalLostError) for error in raised] == [True]


@pytest.mark.parametrize("taken_over", [False, True], ids=["left", "taken over"])
@pytest.mark.parametrize("ask", [call_async, send_goal_async], ids=lambda ask: ask.__name__)
def test_the_client_leaves(
    context: Context, make_node: MakeNode, ask: Ask, taken_over: bool
) -> None:
    """With its node: it may be answered, which nobody hears but an executor that has taken it."""
    node, server, begun = make_node(), make_node(), threading.Event()
    raised: list[BaseException] = []
    serve(server, ask)
    client = client_for(ask, node)
    executor, other = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    executor.add_node(node)
    other.add_node(server)
    leave = functools.partial(other.add_node if taken_over else executor.remove_node, node)
    with Elsewhere(other), Elsewhere(executor) as elsewhere:
        executor.create_task(in_cleanup, client, begun.set, ask, raised)
        assert begun.wait(DEADLINE_SEC)
        elsewhere.do(leave)
    assert [type(error) for error in raised] == ([] if taken_over else [EntityGoneError])


@pytest.mark.parametrize("ask", [call_async, send_goal_async], ids=lambda ask: ask.__name__)
def test_the_context_of_the_server_goes_down(
    context: Context, make_node: MakeNode, ask: Ask
) -> None:
    """Nobody has shut its executor down; rclpy of Jazzy leaves it in the graph."""
    other = Context()
    rclpy.init(args=[], context=other, domain_id=context.get_domain_id())
    node, server, begun = make_node(), make_node(context=other), threading.Event()
    raised: list[BaseException] = []
    serve(server, ask)
    client = client_for(ask, node)
    executor, of_server = AsyncioExecutor(context=context), AsyncioExecutor(context=other)
    executor.add_node(node)
    of_server.add_node(server)
    with Elsewhere(executor):
        executor.create_task(in_cleanup, client, begun.set, ask, raised)
        assert begun.wait(DEADLINE_SEC)
        other.shutdown()
    assert [type(error) for error in raised] == [EntityGoneError]


def test_the_lock_of_the_context_is_held(context: Context, make_node: MakeNode) -> None:
    """By a thread that waits for the loop, as a callback of ``on_shutdown`` may."""
    node, begun, locked = make_node(), threading.Event(), threading.Event()
    told, in_time = threading.Event(), list[bool]()
    node.create_service(Empty, "service", answer)
    client = node.create_client(Empty, "service")
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)

    def hold() -> None:
        with context._lock:
            locked.set()
            in_time.append(told.wait(DEADLINE_SEC))

    async def ask() -> None:
        await ready(client)
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.to_thread(locked.wait)
            await clean_up(client, call_async, [])
            told.set()

    holder = threading.Thread(target=hold)
    with Elsewhere(executor):
        executor.create_task(ask)
        assert begun.wait(DEADLINE_SEC)
        assert not executor.shutdown(0)
        holder.start()
        assert told.wait(2 * DEADLINE_SEC)
    holder.join()
    assert in_time == [True]


@pytest.mark.parametrize("ask", [*SERVICE, *ACTION], ids=lambda ask: ask.__name__)
def test_a_task_of_the_users_own(context: Context, make_node: MakeNode, ask: Ask) -> None:
    """The executor ends those on its own loop after its coroutines."""
    node, begun = make_node(), threading.Event()
    tasks, raised = list[asyncio.Task[None]](), list[BaseException]()
    serve(node, ask)
    client = client_for(ask, node)
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)

    def start() -> None:
        tasks.append(asyncio.create_task(in_cleanup(client, begun.set, ask, raised)))

    with Elsewhere(executor):
        executor.create_task(start)
        assert begun.wait(DEADLINE_SEC)
    assert [type(error) for error in raised] == [EntityGoneError]


@pytest.mark.parametrize("ask", SERVICE, ids=lambda ask: ask.__name__)
def test_a_generator_that_is_left(context: Context, make_node: MakeNode, ask: Ask) -> None:
    """The executor closes those on its own loop last of all."""
    node, begun, raised = make_node(), threading.Event(), list[BaseException]()
    serve(node, ask)
    client = client_for(ask, node)
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)

    async def generate() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await clean_up(client, ask, raised)

    generator = generate()

    async def start() -> None:
        await ready(client)
        await anext(generator)
        begun.set()

    with Elsewhere(executor):
        executor.create_task(start)
        assert begun.wait(DEADLINE_SEC)
    assert [type(error) for error in raised] == [EntityGoneError]


def test_another_executor_answers(context: Context, make_node: MakeNode) -> None:
    """However often it is looked at meanwhile whether somebody does."""
    node, server, begun = make_node(), make_node(), threading.Event()
    raised: list[BaseException] = []
    looks = threading.Semaphore(0)

    async def wait_for_looks(request: Empty.Request, response: Empty.Response) -> Empty.Response:
        for _ in range(4):
            await asyncio.to_thread(looks.acquire)
        return response

    server.create_service(Empty, "service", wait_for_looks)
    client = node.create_client(Empty, "service")
    executor, other = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    executor.add_node(node)
    other.add_node(server)
    look = Unanswered._look

    def look_and_tell(self: Unanswered) -> None:
        look(self)
        looks.release()

    with pytest.MonkeyPatch.context() as patch, Elsewhere(other):
        patch.setattr(Unanswered, "_look", look_and_tell)
        with Elsewhere(executor):
            executor.create_task(in_cleanup, client, begun.set, call_async, raised)
            assert begun.wait(DEADLINE_SEC)
    assert not raised


@pytest.mark.parametrize("removed", [False, True], ids=["ended", "removed"])
@pytest.mark.parametrize("ask", SERVICE, ids=lambda ask: ask.__name__)
@pytest.mark.parametrize("count", [1, 2])
def test_callbacks_ask_services_of_which_they_are_callbacks(
    context: Context, make_node: MakeNode, count: int, ask: Ask, *, removed: bool
) -> None:
    """Its own, or each that of the next: none of them has what came when it was let go."""
    node, server, begun = make_node(), make_node(), threading.Semaphore(0)
    raised: list[BaseException] = []
    clients = [node.create_client(Empty, f"service_{number}") for number in range(count)]

    def serve_and_ask(number: int) -> None:
        async def ask_next(request: Empty.Request, response: Empty.Response) -> Empty.Response:
            await in_cleanup(clients[number - 1], begun.release, ask, raised)
            return response

        server.create_service(Empty, f"service_{number}", ask_next)

    for number in range(count):
        serve_and_ask(number)
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    executor.add_node(server)
    with Elsewhere(executor) as elsewhere:
        for client in clients:
            executor.create_task(call, client)
        for _ in clients:
            assert begun.acquire(timeout=DEADLINE_SEC)
        if removed:
            elsewhere.do(lambda: executor.remove_node(server))
    assert [type(error) for error in raised] == [EntityGoneError] * count


def test_a_callback_that_ends_too_answers(context: Context, make_node: MakeNode) -> None:
    """It has the request from before, and gives its answer in its own cleanup."""
    node, begun = make_node(), threading.Event()
    looks, answered = asyncio.Semaphore(0), threading.Event()

    async def answer_late(request: Empty.Request, response: Empty.Response) -> Empty.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            for _ in range(4):
                await looks.acquire()
        return response

    async def ask() -> None:
        request = asyncio.ensure_future(call(client))
        try:
            await asyncio.shield(request)
        finally:
            async with asyncio.timeout(DEADLINE_SEC):
                await request
            answered.set()

    node.create_service(Empty, "service", answer_late)
    client = node.create_client(Empty, "service")
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    look = Unanswered._look

    def look_and_tell(self: Unanswered) -> None:
        look(self)
        looks.release()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Unanswered, "_look", look_and_tell)
        with Elsewhere(executor):
            executor.create_task(ask)
            assert begun.wait(DEADLINE_SEC)
    assert answered.is_set()
