# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# How worker threads end, and the calls in which they wait.

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import rclpy
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from aiorcl._tasks import blocked_calls as module
from tests.support.blocking import (
    call_a_service,
    sleep_by_a_clock,
    sleep_by_a_rate,
    wait_for_a_service,
    wait_for_a_service_for_long,
    wait_for_an_action,
    wait_for_parameters,
)
from tests.support.children import Ended, start
from tests.support.counters import wait_until_asleep
from tests.support.elsewhere import Elsewhere
from tests.support.threads import Threads, a_guard, a_message
from tests.support.turns import Turn

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 10.0


def test_the_end_waits_for_workers(run: Run, context: Context, lone: Node) -> None:
    """The end of the block waits for a callback that runs; then no thread is left."""
    ended = threading.Event()

    async def main() -> None:
        called = Threads()
        go = threading.Event()

        def callback(_: Int64) -> None:
            called.note()
            go.wait(DEADLINE_SEC)
            ended.set()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            a_message(lone, ThreadCallbackGroup(1), callback)
            await called.next()
            asyncio.get_running_loop().call_soon(go.set)

    run(main)
    assert ended.is_set()
    assert not any(thread.name.startswith("aiorcl worker") for thread in threading.enumerate())


def test_what_a_worker_raises_at_the_end_is_not_lost(
    run: Run, context: Context, lone: Node
) -> None:
    """It comes out of the block, also when the callback was cancelled before it raised."""

    async def main() -> None:
        called = Threads()
        go = threading.Event()

        def callback(_: Int64) -> None:
            called.note()
            go.wait(DEADLINE_SEC)
            raise LookupError("at the end")

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            a_message(lone, ThreadCallbackGroup(1), callback)
            await called.next()
            executor.remove_node(lone)
            go.set()

    with pytest.raises(LookupError, match="at the end"):
        run(main)


@pytest.mark.parametrize("running", [True, False], ids=["running", "idle"])
@pytest.mark.parametrize("way", ["executor", "context"])
def test_a_call_that_waits_is_ended(context: Context, lone: Node, way: str, running: bool) -> None:
    """Nobody will answer any more: client.call() raises CancelledError in the worker.

    Also while nobody runs the executor; and after a shutdown the next call does so, too.
    """
    begun, ended = threading.Event(), threading.Event()
    client = lone.create_client(Trigger, "nobody")
    # A context that ends before the call is begun has taken the client with it.
    gone = (asyncio.CancelledError, *((InvalidHandle,) if way == "context" else ()))

    def callback(_: Int64) -> None:
        begun.set()
        for _ in range(2):
            with pytest.raises(gone):
                client.call(Trigger.Request())
        ended.set()

    def spin() -> None:
        with contextlib.suppress(ExternalShutdownException):
            executor.spin()

    a_message(lone, ThreadCallbackGroup(1), callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    thread = threading.Thread(target=spin)
    if running:
        thread.start()
        assert begun.wait(DEADLINE_SEC)
    while not begun.is_set():
        executor.spin_once(timeout_sec=0)
    if way == "context":
        rclpy.shutdown(context=context)
        assert ended.wait(DEADLINE_SEC)
    assert executor.shutdown()
    if running:
        thread.join()
    assert ended.is_set()


@pytest.fixture
def running(context: Context) -> Iterator[Callable[[], Elsewhere]]:
    """Run executors, each in a thread."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Elsewhere(AsyncioExecutor(context=context)))


def test_a_call_goes_on_where_its_node_goes(
    running: Callable[[], Elsewhere], make_node: MakeNode
) -> None:
    """The end of the executor that had the node when the call began is not that of the call."""
    begun, may_end = threading.Event(), threading.Event()

    def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        begun.set()
        assert may_end.wait(DEADLINE_SEC)
        response.message = "answered"
        return response

    old, new, third = running(), running(), running()
    node, server = make_node(), make_node()
    server.create_service(Trigger, "service", answer)
    third.executor.add_node(server)
    client = node.create_client(Trigger, "service")
    old.executor.add_node(node)
    assert client.wait_for_service(DEADLINE_SEC)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(client.call, Trigger.Request())
        assert begun.wait(DEADLINE_SEC)
        new.executor.add_node(node)
        old.executor.shutdown()
        may_end.set()
        response = calling.result(DEADLINE_SEC)
    assert response is not None
    assert response.message == "answered"


@pytest.mark.parametrize("what", ["call", "rate"])
def test_what_waits_ends_with_the_executor_that_its_node_is_on(
    running: Callable[[], Elsewhere], make_node: MakeNode, what: str
) -> None:
    """Which is not the one that it was on when that began."""
    old, new = running(), running()
    node = make_node()
    client = node.create_client(Trigger, "nobody")
    rate = node.create_rate(0.001)
    old.executor.add_node(node)
    ended: list[str] = []

    def wait() -> None:
        try:
            if what == "call":
                client.call(Trigger.Request())
            else:
                rate.sleep()
        except asyncio.CancelledError:
            ended.append(what)

    thread = threading.Thread(target=wait)
    thread.start()
    assert thread.native_id is not None
    wait_until_asleep(thread.native_id)
    new.executor.add_node(node)
    new.executor.shutdown()
    thread.join(DEADLINE_SEC)
    assert ended == [what]


def test_a_timeout_of_a_call_is_that_of_rclpy(run: Run, context: Context, lone: Node) -> None:
    """A call that takes too long raises, on Jazzy returns None; its request is dropped."""
    client = lone.create_client(Trigger, "nobody")

    def call() -> object:
        try:
            return client.call(Trigger.Request(), timeout_sec=0.0)
        except TimeoutError:
            return None

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            assert await asyncio.to_thread(call) is None

    run(main)
    assert not client._pending_requests


def test_the_threads_go_with_their_group(run: Run, context: Context, make_node: MakeNode) -> None:
    """When nothing is in the group any more its threads end, and the executor goes on."""

    async def main() -> None:
        called = Threads()
        async with AsyncioExecutor(context=context) as executor:
            node = make_node()
            executor.add_node(node)
            group = ThreadCallbackGroup(1)
            gone = weakref.ref(group)
            a_guard(node, group, called.note)
            worker = await called.next()
            del group
            for guard in list(node.guards):
                node.destroy_guard_condition(guard)
            del guard
            while gone() is not None:  # the task of its last callback ends first
                await asyncio.sleep(0)
                gc.collect()
            await asyncio.to_thread(worker.join, DEADLINE_SEC)
            assert not worker.is_alive()

    run(main)


@pytest.mark.parametrize("way", ["spin", "async_with"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_worker_waits(context: Context, way: str, number: signal.Signals) -> None:
    """The process ends at once and is silent, also if nobody shuts the executor down."""
    with start("workers", way, "calls", domain_id=context.get_domain_id()) as child:
        child.hear_that("waits")
        child.send_signal(number)
        assert child.end() == Ended(0, "cancelled\n", "")


@pytest.mark.parametrize("running", [True, False], ids=["running", "idle"])
@pytest.mark.parametrize(
    "wait",
    [
        sleep_by_a_rate,
        wait_for_a_service,
        wait_for_a_service_for_long,
        wait_for_an_action,
        wait_for_parameters,
        sleep_by_a_clock,
    ],
)
def test_the_end_wakes_a_worker(
    context: Context, lone: Node, wait: Callable[[Node], Callable[[], object]], running: bool
) -> None:
    """Whatever it waits for in a call of rclpy, CancelledError is raised there, and next time."""
    begun = threading.Event()
    raised: list[str] = []
    call = wait(lone)

    def callback(_: Int64) -> None:
        begun.set()
        for _ in range(2):
            with pytest.raises(asyncio.CancelledError):
                call()
            raised.append("cancelled")

    a_message(lone, ThreadCallbackGroup(1), callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    thread = threading.Thread(target=executor.spin)
    if running:
        thread.start()
        assert begun.wait(DEADLINE_SEC)
    while not begun.is_set():
        executor.spin_once(timeout_sec=0)
    ends = threading.Thread(target=executor.shutdown, daemon=True)
    ends.start()
    ends.join(DEADLINE_SEC)
    assert raised == ["cancelled", "cancelled"]
    ends.join()
    if running:
        thread.join()


@pytest.mark.parametrize(
    "wait", [call_a_service, sleep_by_a_rate, wait_for_a_service, sleep_by_a_clock]
)
def test_an_interrupt_ends_a_wait_without_a_word(
    context: Context, lone: Node, wait: Callable[[Node], Callable[[], object]]
) -> None:
    """ROS is up, and the executor may go on: it complains of nothing that it has done itself."""
    ended, told = threading.Event(), list[object]()
    call = wait(lone)

    def callback(_: Int64) -> None:
        try:
            call()
        finally:
            ended.set()

    async def interrupt() -> None:
        while not (module._waits or module._sleeps):
            await Turn()
        raise KeyboardInterrupt

    a_message(lone, ThreadCallbackGroup(1), callback)
    with AsyncioExecutor(context=context) as executor:
        executor.loop.set_exception_handler(lambda _, what: told.append(what))
        executor.add_node(lone)
        executor.create_task(interrupt)
        with pytest.raises(KeyboardInterrupt):
            executor.spin()
        assert ended.wait(DEADLINE_SEC)
        while executor._owned.remain():
            executor.spin_once(timeout_sec=DEADLINE_SEC)
        assert told == []
        assert not any(client._pending_requests for client in lone.clients)


@pytest.mark.parametrize("shuts_down", [True, False])
def test_a_call_that_is_ended_leaves_no_request(
    context: Context, lone: Node, shuts_down: bool
) -> None:
    """Also where the executor runs no done callbacks any more."""
    begun, ended = threading.Event(), threading.Event()
    client = lone.create_client(Trigger, "nobody")

    def callback(_: Int64) -> None:
        begun.set()
        with pytest.raises(asyncio.CancelledError):
            client.call(Trigger.Request())
        ended.set()

    a_message(lone, ThreadCallbackGroup(1), callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    while not (begun.is_set() and client._pending_requests):
        executor.spin_once(timeout_sec=0)
    if shuts_down:
        executor.shutdown()
    else:
        context.shutdown()
    assert ended.wait(DEADLINE_SEC)
    assert not client._pending_requests
    executor.shutdown()


def test_a_goal_that_nobody_waits_for_is_cancelled(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """The end of an executor ends send_goal() in a worker, and that cancels the goal."""

    async def main() -> None:
        begun, cancelled = asyncio.Event(), asyncio.Event()

        async def execute(_: object) -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        server, asker = make_node(), make_node()
        aiorcl.serve_action(server, Fibonacci, "action", execute)
        client: Any = ActionClient(asker, Fibonacci, "action")
        goal = Fibonacci.Goal()
        other = AsyncioExecutor(context=context)
        other.add_node(asker)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(server)
            a_message(asker, ThreadCallbackGroup(1), lambda _: client.send_goal(goal))
            spins = asyncio.create_task(asyncio.to_thread(other.spin))
            await begun.wait()
            await asyncio.to_thread(other.shutdown)
            await cancelled.wait()
            await spins

    run(main)
