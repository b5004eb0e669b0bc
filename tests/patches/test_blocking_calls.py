# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Every blocking call of rclpy, on the thread that runs an executor: each row of the table in
# docs/how-it-works/threads.md.

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from action_msgs.srv import CancelGoal
from builtin_interfaces.msg import Time as TimeMessage
from rclpy.action.client import ActionClient, ClientGoalHandle
from rclpy.clock import Clock, ROSClock
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.parameter_client import AsyncParameterClient
from rclpy.parameter_service import ParameterService
from rclpy.qos import QoSProfile
from rclpy.wait_for_message import wait_for_message
from rosgraph_msgs.msg import Clock as ClockMessage
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci
from unique_identifier_msgs.msg import UUID

from aiorcl import AsyncioExecutor, BlockedLoopWarning
from aiorcl._patches import blocking
from tests.support.actions import SEQUENCE, serve_action
from tests.support.threads import answer

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 10.0


@pytest.fixture
def executor(context: Context, lone: Node) -> Iterator[AsyncioExecutor]:
    """An executor that runs ``lone``."""
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    yield executor
    executor.shutdown()


def on_the_loop(executor: AsyncioExecutor, function: Callable[[], Any]) -> Any:
    """Call a function on the thread that runs the executor, while it runs."""
    task = executor.create_task(function)
    executor.spin_until_future_complete(task, timeout_sec=DEADLINE_SEC)
    assert task.done()
    return task.result()


def goal_handle_of(node: Node) -> ClientGoalHandle[Any, Any, Any]:
    """Make a handle of a goal that no server has."""
    response = Fibonacci.Impl.SendGoalService.Response(accepted=True, stamp=TimeMessage())
    return ClientGoalHandle(ActionClient(node, Fibonacci, "action"), UUID(), response)


ENDLESS: dict[str, tuple[Callable[[Node], Callable[[], Any]], str, str]] = {
    "Client.call": (
        lambda node: lambda: node.create_client(Trigger, "service").call(Trigger.Request()),
        "Client.call() of client '/service'",
        "await client.call_async(request)",
    ),
    "Client.call with a timeout": (
        lambda node: lambda: node.create_client(Trigger, "service").call(Trigger.Request(), 1.0),
        "Client.call() of client '/service'",
        "await client.call_async(request)",
    ),
    "ActionClient.send_goal": (
        lambda node: lambda: ActionClient(node, Fibonacci, "action").send_goal(Fibonacci.Goal()),  # type: ignore[call-arg]
        "ActionClient.send_goal() of action client '/action'",
        "await goal_handle.get_result_async()",
    ),
    "ClientGoalHandle.cancel_goal": (
        lambda node: lambda: goal_handle_of(node).cancel_goal(),
        "ClientGoalHandle.cancel_goal() of action client '/action'",
        "await goal_handle.cancel_goal_async()",
    ),
    "ClientGoalHandle.get_result": (
        lambda node: lambda: goal_handle_of(node).get_result(),
        "ClientGoalHandle.get_result() of action client '/action'",
        "await goal_handle.get_result_async()",
    ),
    "Rate.sleep": (
        lambda node: lambda: node.create_rate(10.0).sleep(),
        "Rate.sleep() of timer",
        "await asyncio.sleep(period)",
    ),
}


@pytest.mark.parametrize(("make", "names", "instead"), ENDLESS.values(), ids=ENDLESS.keys())
def test_what_could_never_end_is_refused(
    executor: AsyncioExecutor,
    lone: Node,
    make: Callable[[Node], Callable[[], Any]],
    names: str,
    instead: str,
) -> None:
    """In a callback it raises at once, names the entity and its node, and what to write."""
    with pytest.raises(RuntimeError) as raised:
        on_the_loop(executor, make(lone))
    message = str(raised.value)
    assert message.startswith(names)
    assert lone.get_fully_qualified_name() in message
    assert instead in message


def test_it_is_refused_in_async_with(run: Run, context: Context, lone: Node) -> None:
    """A coroutine on the loop of the executor is on its thread, too."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            with pytest.raises(RuntimeError, match=r"await client\.call_async"):
                lone.create_client(Trigger, "service").call(Trigger.Request())

    run(main)


class NewerClock(Clock):
    """What nodes have since rclpy 10: no ROSClock, whose members Clock has itself."""


for _name, _member in vars(ROSClock).items():
    if callable(_member) or isinstance(_member, property):
        setattr(NewerClock, _name, _member)


@pytest.mark.parametrize(
    "sleep",
    [
        lambda clock, context: clock.sleep_for(Duration(seconds=1), context),
        lambda clock, context: clock.sleep_until(clock.now() + Duration(seconds=1), context),
    ],
    ids=["sleep_for", "sleep_until"],
)
@pytest.mark.parametrize("is_newer", [False, True], ids=["ROSClock", "Clock"])
def test_a_sleep_on_ros_time_is_refused(
    executor: AsyncioExecutor,
    lone: Node,
    context: Context,
    sleep: Callable[[Clock, Context], bool],
    *,
    is_newer: bool,
) -> None:
    """Nobody else would take the /clock that it waits for."""
    lone.set_parameters([Parameter("use_sim_time", value=True)])
    clock = lone.get_clock()
    if is_newer:
        clock.__class__ = NewerClock
    with pytest.raises(RuntimeError, match="takes /clock"):
        on_the_loop(executor, lambda: sleep(clock, context))


def in_a_thread(run: Run, context: Context, nodes: list[Node], call: Callable[[], Any]) -> Any:
    """Call a function in another thread, while an executor runs the nodes in this one."""

    async def main() -> Any:
        async with AsyncioExecutor(context=context) as executor:
            for node in nodes:
                executor.add_node(node)
            return await asyncio.to_thread(call)

    return run(main)


def test_client_call_in_another_thread(run: Run, context: Context, lone: Node) -> None:
    """The loop serves the client meanwhile."""
    lone.create_service(Trigger, "service", answer)
    client = lone.create_client(Trigger, "service")
    assert in_a_thread(run, context, [lone], lambda: client.call(Trigger.Request())).success


def test_calls_of_actions_in_another_thread(run: Run, context: Context, lone: Node) -> None:
    """Send a goal and get its result, cancel another: all of it blocking."""
    serve_action(lone)
    client = ActionClient(lone, Fibonacci, "action")

    def calls() -> tuple[Any, Any, Any]:
        first = client.send_goal(Fibonacci.Goal(order=1))  # type: ignore[call-arg]
        accepted = threading.Event()
        future = client.send_goal_async(Fibonacci.Goal(order=0))
        future.add_done_callback(lambda _: accepted.set())
        accepted.wait()
        handle = future.result()
        assert handle is not None
        return first, handle.cancel_goal(), handle.get_result()

    first, cancelled, second = in_a_thread(run, context, [lone], calls)
    assert list(first.result.sequence) == SEQUENCE
    assert cancelled.return_code == CancelGoal.Response.ERROR_NONE
    assert list(second.result.sequence) == SEQUENCE


def test_rate_sleep_in_another_thread(run: Run, context: Context, lone: Node) -> None:
    """The loop runs the timer of the rate."""
    rate = lone.create_rate(1000.0)

    def sleep() -> None:
        for _ in range(3):
            rate.sleep()

    in_a_thread(run, context, [lone], sleep)


def test_a_sleep_on_ros_time_in_another_thread(run: Run, context: Context, lone: Node) -> None:
    """It ends when the loop has taken a /clock that is late enough."""
    lone.set_parameters([Parameter("use_sim_time", value=True)])
    clock = lone.get_clock()
    publisher = lone.create_publisher(ClockMessage, "/clock", 10)
    seconds = itertools.count(5)  # the sleep may begin at any of them
    lone.create_timer(
        0.001,
        lambda: publisher.publish(ClockMessage(clock=TimeMessage(sec=next(seconds)))),
        clock=Clock(clock_type=ClockType.STEADY_TIME),
    )
    until = Duration(seconds=3)
    assert in_a_thread(run, context, [lone], lambda: clock.sleep_for(until, context))


def test_an_executor_elsewhere_is_no_reason_to_refuse(
    executor: AsyncioExecutor, context: Context, make_node: MakeNode
) -> None:
    """A client that another thread serves may be called in a callback: it only blocks."""
    other = make_node()
    other.create_service(Trigger, "service", answer)
    client = other.create_client(Trigger, "service")
    elsewhere = SingleThreadedExecutor(context=context)
    elsewhere.add_node(other)
    thread = threading.Thread(target=elsewhere.spin)
    thread.start()
    try:
        assert on_the_loop(executor, lambda: client.call(Trigger.Request())).success
    finally:
        elsewhere.shutdown()
        thread.join()


def acked(node: Node) -> Callable[[], Any]:
    """Make a call that waits for acknowledgements."""
    publisher = node.create_publisher(Int64, "topic", 10)
    publisher.publish(Int64())
    return lambda: publisher.wait_for_all_acked(Duration(seconds=1))


def with_parameters(node: Node) -> str:
    """Let a node have parameter services, and name it."""
    node._parameter_service = ParameterService(node)
    return node.get_fully_qualified_name()


WAITS: dict[str, tuple[Callable[[Node], Callable[[], Any]], str]] = {
    "Client.wait_for_service": (
        lambda node: lambda: node.create_client(Trigger, "service").wait_for_service(1.0),
        "Client.wait_for_service() of client '/service'",
    ),
    "Client.wait_for_service for ever": (
        lambda node: lambda: node.create_client(Trigger, "service").wait_for_service(),
        "Client.wait_for_service() of client '/service'",
    ),
    "ActionClient.wait_for_server": (
        lambda node: lambda: ActionClient(node, Fibonacci, "action").wait_for_server(1.0),
        "ActionClient.wait_for_server() of action client '/action'",
    ),
    "AsyncParameterClient.wait_for_services": (
        lambda node: lambda: AsyncParameterClient(node, with_parameters(node)).wait_for_services(),
        "AsyncParameterClient.wait_for_services() of '/node_",
    ),
    "Node.wait_for_node": (
        lambda node: lambda: node.wait_for_node(node.get_fully_qualified_name(), 1.0),
        "Node.wait_for_node() of '/node_",
    ),
    "Publisher.wait_for_all_acked": (acked, "Publisher.wait_for_all_acked() of publisher '/topic'"),
    "Clock.sleep_for": (
        lambda node: lambda: node.get_clock().sleep_for(Duration(nanoseconds=1), node.context),
        "Clock.sleep_until()",
    ),
}


@contextlib.contextmanager
def long_is(executor: AsyncioExecutor, seconds: float) -> Iterator[list[warnings.WarningMessage]]:
    """Say what a long time is, and catch the warnings."""
    executor.loop.slow_callback_duration = seconds
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


@pytest.fixture
def served(lone: Node, make_node: MakeNode) -> Node:
    """A node that all that the waits wait for is there for."""
    lone.create_service(Trigger, "service", answer)
    serve_action(lone)
    return lone


@pytest.mark.parametrize(("make", "names"), WAITS.values(), ids=WAITS.keys())
def test_what_ends_works_and_is_named_when_it_was_long(
    executor: AsyncioExecutor,
    served: Node,
    make: Callable[[Node], Callable[[], Any]],
    names: str,
) -> None:
    """One warning names the call, its entity, how long it took, and the line that made it."""
    call = make(served)
    with long_is(executor, 0.0) as caught:
        assert on_the_loop(executor, call)
    (warning,) = caught
    assert warning.category is BlockedLoopWarning
    assert str(warning.message).startswith(names)
    assert " s. Call it before the executor runs" in str(warning.message)
    assert warning.filename == __file__


@pytest.mark.parametrize("served_here", [True, False], ids=["short", "elsewhere"])
@pytest.mark.parametrize(("make", "names"), WAITS.values(), ids=WAITS.keys())
def test_what_holds_nobody_up_is_not_named(
    executor: AsyncioExecutor,
    served: Node,
    make: Callable[[Node], Callable[[], Any]],
    names: str,
    served_here: bool,
) -> None:
    """Long is what the loop's slow_callback_duration says; where no executor runs nobody waits."""
    call = make(served)
    with long_is(executor, 3600.0 if served_here else 0.0) as caught:
        assert on_the_loop(executor, call) if served_here else call()
    assert not caught


def test_a_call_is_named_once(executor: AsyncioExecutor, served: Node) -> None:
    """Each method of an entity is named once, however often it is called."""
    clients = [served.create_client(Trigger, "service") for _ in range(2)]
    with long_is(executor, 0.0) as caught:
        for client in (*clients, *clients):
            on_the_loop(executor, client.wait_for_service)
    assert len(caught) == 2


@pytest.mark.parametrize("there", [True, False])
def test_a_wait_that_fails_returns_as_ever(
    executor: AsyncioExecutor, lone: Node, there: bool
) -> None:
    """The result of the wait is rclpy's."""
    if there:
        lone.create_service(Trigger, "service", answer)
    client = lone.create_client(Trigger, "service")
    with long_is(executor, 0.0):
        assert on_the_loop(executor, lambda: client.wait_for_service(0.0)) is there


def test_a_wait_without_a_timeout_is_named_while_it_goes_on(
    executor: AsyncioExecutor, lone: Node, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may never end, so it is named before; and it ends when another thread brings it about."""
    other = make_node()
    client = lone.create_client(Trigger, "service")
    monkeypatch.setattr(blocking, "_PATIENCE_SEC", 0.0)
    told: list[str] = []

    def show(message: Warning | str, *_: object, **__: object) -> None:
        told.append(str(message))
        other.create_service(Trigger, "service", answer)

    with long_is(executor, 0.0):
        monkeypatch.setattr(warnings, "showwarning", show)
        assert on_the_loop(executor, client.wait_for_service) is True
    assert len(told) == 1
    assert "goes on until its server is there" in told[0]


def test_wait_for_message(executor: AsyncioExecutor, lone: Node, make_node: MakeNode) -> None:
    """It blocks until there is a message, and gets it; that is a function, and named by nobody."""
    publisher = make_node().create_publisher(Int64, "topic", QoSProfile(depth=1, durability=1))
    publisher.publish(Int64(data=1))

    def wait() -> tuple[bool, Any]:
        return wait_for_message(
            Int64, lone, "topic", qos_profile=QoSProfile(depth=1, durability=1), time_to_wait=5
        )

    with long_is(executor, 0.0) as caught:
        found, message = on_the_loop(executor, wait)
    assert found
    assert message.data == 1
    assert not caught
