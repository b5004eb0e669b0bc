# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Calls of rclpy in which callbacks in workers block when the context goes down.

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle, ROSInterruptException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.blocking import (
    call_a_service,
    sleep_by_a_clock,
    sleep_by_a_rate,
    wait_for_a_service,
    wait_for_a_service_for_long,
    wait_for_an_action,
    wait_for_parameters,
)
from tests.support.counters import wait_until_asleep
from tests.support.elsewhere import DEADLINE_SEC, call_elsewhere
from tests.support.makers import MakeContext, Run
from tests.support.threads import a_message, answer


def send_a_goal(node: Node) -> Callable[[], object]:
    """Nobody takes it."""
    client: Any = ActionClient(node, Fibonacci, "nobody")
    return lambda: client.send_goal(Fibonacci.Goal())


Wait = Callable[[Node], Callable[[], object]]

READY_WAITS = [
    wait_for_a_service,
    wait_for_a_service_for_long,
    wait_for_an_action,
    wait_for_parameters,
]
WAITS = [*READY_WAITS, call_a_service, send_a_goal, sleep_by_a_clock, sleep_by_a_rate]


class Waiting:
    """An executor, and a callback in a worker that waits, and then once more; both raise.

    :ivar executor: spun until the worker waits.
    :ivar raised: out of both waits.
    """

    def __init__(self, node: Node, wait: Wait) -> None:
        self.raised: list[type[BaseException]] = []
        self.heard: list[object] = []
        self._begun = threading.Event()
        self._worker = 0
        self._call = wait(node)
        a_message(node, ThreadCallbackGroup(1), self._callback)
        self.executor = AsyncioExecutor(context=node.context)
        self.executor.loop.set_exception_handler(lambda _, what: self.heard.append(what))
        self.executor.add_node(node)
        while not self._begun.is_set():
            self.executor.spin_once(timeout_sec=0)
        wait_until_asleep(self._worker)

    def _callback(self, _: Int64) -> None:
        self._worker = threading.get_native_id()
        self._begun.set()
        try:
            self._call()
        except BaseException as error:
            self.raised.append(type(error))
        try:
            self._call()
        except BaseException as error:
            self.raised.append(type(error))
            raise


@pytest.mark.parametrize("who", ["callback", "thread"])
@pytest.mark.parametrize("wait", WAITS)
def test_the_end_of_the_context_is_a_cancellation(
    context: Context, lone: Node, wait: Wait, who: str
) -> None:
    """Also for a wait that begins when it is down; no spin call raises it, and nobody hears."""
    waiting = Waiting(lone, wait)
    if who == "callback":
        waiting.executor.create_task(context.shutdown)
    else:
        waiting.executor.create_task(lambda: call_elsewhere(context.shutdown))
    with contextlib.suppress(ExternalShutdownException):
        waiting.executor.spin()
    assert waiting.executor.shutdown(timeout_sec=DEADLINE_SEC)
    assert len(waiting.raised) == 2
    end = ROSInterruptException if wait is sleep_by_a_rate else asyncio.CancelledError
    assert all(issubclass(each, end) for each in waiting.raised)
    assert waiting.heard == []


def publish(node: Node) -> Callable[[], object]:
    """Publish a message."""
    publisher = node.create_publisher(Int64, "elsewhere", 10)
    return lambda: publisher.publish(Int64())


def call_async(node: Node) -> Callable[[], object]:
    """Send a request."""
    client = node.create_client(Trigger, "nobody")
    return lambda: client.call_async(Trigger.Request())


def create(node: Node) -> Callable[[], object]:
    """Make an entity."""
    return lambda: node.create_publisher(Int64, "elsewhere", 10)


class Using:
    """A callback in a worker that uses a node when its context is down, and a task that shuts down.

    :ivar raised: by the callback; rclpy lets some uses pass.
    :ivar heard: by the exception handler of the loop.
    """

    def __init__(self, node: Node, use: Callable[[Node], Callable[[], object]]) -> None:
        self.raised: list[BaseException] = []
        self.heard: list[BaseException] = []
        self.begun, self._is_down, self._has_ended = (threading.Event() for _ in range(3))
        self._context, self._use = node.context, use(node)
        a_message(node, ThreadCallbackGroup(1), self._callback)

    def _callback(self, _: Int64) -> None:
        self.begun.set()
        assert self._is_down.wait(DEADLINE_SEC)
        try:
            self._use()
        except Exception as error:
            self.raised.append(error)
            raise
        finally:
            self._has_ended.set()

    def shut_down(self) -> None:
        """Shut the context down, and return when the callback has used the node."""
        self._context.shutdown()
        self._is_down.set()
        assert self._has_ended.wait(DEADLINE_SEC)

    def hear(self, _: object, what: dict[str, Any]) -> None:
        """Be the exception handler of the loop."""
        self.heard.append(what["exception"])


USES = pytest.mark.parametrize("use", [publish, call_async, create])


@USES
def test_a_spin_call_and_shutdown_raise_nothing(context: Context, lone: Node, use: Any) -> None:
    """A callback of the executor shuts down; that is another thread's doing to the worker."""
    using = Using(lone, use)
    executor = AsyncioExecutor(context=context)
    executor.loop.set_exception_handler(using.hear)
    executor.add_node(lone)
    while not using.begun.is_set():
        executor.spin_once(timeout_sec=0)
    executor.create_task(using.shut_down)
    executor.spin()
    assert executor.shutdown(timeout_sec=DEADLINE_SEC)
    assert using.heard == using.raised
    assert use is call_async or len(using.raised) == 1


@USES
def test_a_block_raises_nothing(run: Run, context: Context, lone: Node, use: Any) -> None:
    """The same there, and for its body, which shuts down."""
    using = Using(lone, use)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(using.hear)
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await asyncio.to_thread(using.begun.wait)
            using.shut_down()
        assert using.heard == using.raised

    run(main)


def test_the_callback_that_shuts_down_is_told_of_its_own_errors(
    context: Context, lone: Node
) -> None:
    """It might have known."""
    executor, use = AsyncioExecutor(context=context), publish(lone)

    def callback() -> None:
        context.shutdown()
        use()

    executor.add_node(lone)
    executor.create_task(callback)
    executor.spin()
    with pytest.raises(RuntimeError):
        executor.shutdown(timeout_sec=DEADLINE_SEC)
    assert executor.shutdown(timeout_sec=DEADLINE_SEC)


@pytest.mark.parametrize("wait", [*READY_WAITS, sleep_by_a_clock])
def test_a_worker_meets_the_end_of_the_context_first(
    context: Context, lone: Node, wait: Wait
) -> None:
    """As after a signal, of which the executor hears when its loop gets to it."""
    raised: list[type[BaseException]] = []
    call = wait(lone)

    def callback(_: Int64) -> None:
        assert context.handle is not None
        with context.handle:
            context.handle.shutdown()  # which tells nobody
        try:
            call()
        except BaseException as error:
            raised.append(type(error))
            raise

    a_message(lone, ThreadCallbackGroup(1), callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    while not raised:
        executor.spin_once(timeout_sec=0)
    assert executor.shutdown(timeout_sec=DEADLINE_SEC)
    assert issubclass(raised[0], asyncio.CancelledError)


def test_a_client_of_another_context_is_answered(
    context: Context, lone: Node, make_context: MakeContext
) -> None:
    """That is up, and an executor of its own serves it."""
    other = make_context()
    node = Node("other", context=other)
    node.create_service(Trigger, "service", answer)
    client = node.create_client(Trigger, "service")
    responses: list[Any] = []

    def callback(_: Int64) -> None:
        context.shutdown()
        responses.append(client.call(Trigger.Request()))

    served = SingleThreadedExecutor(context=other)
    served.add_node(node)
    thread = threading.Thread(target=served.spin)
    thread.start()
    a_message(lone, ThreadCallbackGroup(1), callback)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    with contextlib.suppress(ExternalShutdownException):
        executor.spin()
    assert executor.shutdown(timeout_sec=DEADLINE_SEC)
    served.shutdown()
    thread.join()
    node.destroy_node()
    assert [response.success for response in responses] == [True]


def test_a_client_that_is_destroyed_says_so(lone: Node) -> None:
    """Nothing else has ended: that is an error of the callback, which the executor raises."""
    waiting = Waiting(lone, wait_for_a_service)
    (client,) = [each for each in lone.clients if each.srv_name.endswith("nobody")]
    lone.destroy_client(client)
    with pytest.raises(InvalidHandle):
        waiting.executor.spin()
    assert waiting.raised == [InvalidHandle, InvalidHandle]
    assert waiting.executor.shutdown(timeout_sec=DEADLINE_SEC)
