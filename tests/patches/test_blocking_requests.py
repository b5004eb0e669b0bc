# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Calls that block until a request is answered, in callbacks of executors that may be spun there.

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action.client import ActionClient
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.context import Context
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl._program import stand_ins
from tests.support.actions import SEQUENCE, serve_action
from tests.support.executors import DISTRO
from tests.support.threads import answer

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

DEADLINE_SEC = 20.0

#: Calls a function in a callback.
Call = Callable[[Callable[[], Any]], Any]


@pytest.fixture(params=[stand_ins.SingleThreadedExecutor, stand_ins.MultiThreadedExecutor])
def executor(
    request: pytest.FixtureRequest, context: Context, lone: Node
) -> Iterator[stand_ins.StandIn]:
    """An executor of each kind, which runs ``lone``."""
    executor: stand_ins.StandIn = request.param(context=context)
    executor.add_node(lone)
    yield executor
    executor.shutdown(timeout_sec=DEADLINE_SEC)


@pytest.fixture(params=["plain", "coroutine"])
def call(request: pytest.FixtureRequest, executor: stand_ins.StandIn, lone: Node) -> Call:
    """Call a function in a callback of either kind; what it returned."""

    def call(function: Callable[[], Any]) -> Any:
        done: Any = Future()

        def callback() -> None:
            timer.cancel()
            try:
                done.set_result(function())
            except Exception as error:
                done.set_exception(error)

        async def coroutine() -> None:
            callback()

        either: Any = coroutine if request.param == "coroutine" else callback
        timer = lone.create_timer(0.0, either)
        executor.spin_until_future_complete(done, timeout_sec=DEADLINE_SEC)
        assert done.done()
        return done.result()

    return call


@pytest.fixture
def server(executor: stand_ins.StandIn, make_node: MakeNode) -> Node:
    """A node with a service and an action, on the same executor."""
    node = make_node()
    node.create_service(Trigger, "ask", answer)
    serve_action(node)
    executor.add_node(node)
    return node


def test_client_call(call: Call, lone: Node, server: Node) -> None:
    """The executor serves the service meanwhile; one call after the other."""
    client = lone.create_client(Trigger, "ask")

    def function() -> list[bool]:
        return [client.call(Trigger.Request()).success for _ in range(2)]

    assert client.wait_for_service(DEADLINE_SEC)
    assert call(function) == [True, True]


@pytest.mark.skipif(DISTRO == "jazzy", reason="its call() has no timeout")
def test_time_is_over(call: Call, lone: Node) -> None:
    """No server: the timeout holds, and the request is dropped."""
    client: Any = lone.create_client(Trigger, "ask")
    with pytest.raises(TimeoutError):
        call(lambda: client.call(Trigger.Request(), timeout_sec=0.01))
    assert not client._pending_requests


def test_calls_of_actions(call: Call, lone: Node, server: Node) -> None:
    """A goal is sent, and its result awaited; another one is canceled."""
    client: Any = ActionClient(lone, Fibonacci, "action")
    assert client.wait_for_server(DEADLINE_SEC)

    def cancel() -> Any:
        future = client.send_goal_async(Fibonacci.Goal(order=0))
        assert lone.executor is not None
        lone.executor.spin_until_future_complete(future, timeout_sec=DEADLINE_SEC)
        canceled = future.result().cancel_goal().return_code
        return canceled, future.result().get_result().status

    result = call(lambda: client.send_goal(Fibonacci.Goal(order=1), feedback_callback=None))
    assert list(result.result.sequence) == SEQUENCE
    assert call(cancel) == (CancelGoal.Response.ERROR_NONE, GoalStatus.STATUS_CANCELED)


def test_the_executor_ends_meanwhile(executor: stand_ins.StandIn, lone: Node) -> None:
    """The call ends, though no response will come: with it the callback, and the spin."""
    client = lone.create_client(Trigger, "ask")
    group = MutuallyExclusiveCallbackGroup()
    ended: list[BaseException] = []

    def end() -> None:
        executor.shutdown()

    async def ask() -> None:
        timer.cancel()
        lone.create_timer(0.0, end, callback_group=group)
        try:
            client.call(Trigger.Request())
        except asyncio.CancelledError as error:
            ended.append(error)
            raise

    either: Any = ask
    timer = lone.create_timer(0.0, either)
    executor.spin()
    assert len(ended) == 1
