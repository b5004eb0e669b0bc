# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Wrong arguments of the public functions: refused at the call, with what to write instead.

from __future__ import annotations

import asyncio
import functools
import math
import threading
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.event_handler import QoSPublisherEventType
from rclpy.exceptions import InvalidHandle, InvalidTopicNameException
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Int64, String
from std_srvs.srv import SetBool, Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

#: The public names as an untyped program has them.
untyped: Any = aiorcl


class Things:
    """What a program has at hand, right or wrong."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.executor: Any = AsyncioExecutor(context=node.context)
        self.client = node.create_client(Trigger, "service")
        self.publisher = node.create_publisher(Int64, "topic", 10)
        self.action_client: ActionClient[Any, Any, Any] = ActionClient(node, Fibonacci, "action")
        self.clock: Any = aiorcl.AsyncioClock(node.get_clock())


async def execute(_: Any) -> None:
    """Do nothing."""


def plain(_: Any) -> None:
    """Do nothing."""


class Odd:
    """A callable object that raises when it is asked for what it does not have."""

    def __getattr__(self, name: str) -> Any:
        raise ReferenceError(name)

    def __call__(self, *arguments: object) -> None:
        """Do nothing."""


#: Each a call and what its message has to say.
WRONG: list[tuple[str, Callable[[Things], Any], str]] = [
    *(
        (f"{name} of {kind}", functools.partial(call, value=value), f"aiorcl.{name}")
        for name, call, right in (
            ("call", lambda t, value: untyped.call(value(t), Trigger.Request()), "client"),
            ("publish", lambda t, value: untyped.publish(value(t), Int64()), "publisher"),
            ("service_ready", lambda t, value: untyped.service_ready(value(t)), "client"),
            ("action_ready", lambda t, value: untyped.action_ready(value(t)), "action_client"),
            (
                "subscribers_ready",
                lambda t, value: untyped.subscribers_ready(value(t)),
                "publisher",
            ),
            ("node_ready", lambda t, value: untyped.node_ready(value(t), "n"), "node"),
            ("messages", lambda t, value: untyped.messages(value(t), Int64, "topic"), "node"),
            ("next_message", lambda t, value: untyped.next_message(value(t), Int64, "t"), "node"),
            ("ticks", lambda t, value: untyped.ticks(value(t), 1.0), "node"),
            ("requests", lambda t, value: untyped.requests(value(t), Trigger, "s"), "node"),
            (*("synchronized", lambda t, value: untyped.synchronized(value(t), t, t), "node"),),
            ("parameter_changes", lambda t, value: untyped.parameter_changes(value(t)), "node"),
            (
                "qos_events",
                lambda t, value: untyped.qos_events(
                    value(t), t.publisher, QoSPublisherEventType.RCL_PUBLISHER_MATCHED
                ),
                "node",
            ),
            ("goal", lambda t, value: untyped.goal(value(t), Fibonacci.Goal()), "action_client"),
            (
                "serve_action",
                lambda t, value: untyped.serve_action(value(t), Fibonacci, "served", execute),
                "node",
            ),
        )
        for kind, value in (
            ("None", lambda _: None),
            ("a class", lambda _: Node),
            ("a string", lambda _: "/service"),
            ("the client", lambda t: t.client),
            ("the publisher", lambda t: t.publisher),
            ("the action_client", lambda t: t.action_client),
            ("the node", lambda t: t.node),
        )
        if kind != f"the {right}"
    ),
    ("request class", lambda t: untyped.call(t.client, Trigger.Request), "the class std_srvs.srv"),
    ("request type", lambda t: untyped.call(t.client, SetBool.Request()), "std_srvs.srv.Trigger.R"),
    ("request None", lambda t: untyped.call(t.client, None), "A request of 'service'"),
    (
        "message class",
        lambda t: untyped.publish(t.publisher, Int64),
        "the class std_msgs.msg.Int64",
    ),
    ("message type", lambda t: untyped.publish(t.publisher, String()), "A message of 'topic'"),
    ("count", lambda t: untyped.subscribers_ready(t.publisher, "1"), "number of subscriptions"),
    ("node name", lambda t: untyped.node_ready(t.node, t.node), "name of a node"),
    ("msg_type str", lambda t: untyped.messages(t.node, str, "topic"), "the class str itself"),
    ("msg_type object", lambda t: untyped.messages(t.node, Int64(), "topic"), "message class"),
    ("msg_type service", lambda t: untyped.messages(t.node, Trigger, "topic"), "message class"),
    ("topic", lambda t: untyped.messages(t.node, Int64, None), "name of a topic"),
    ("qos", lambda t: untyped.messages(t.node, Int64, "topic", "10"), "QoSProfile"),
    ("once str", lambda t: untyped.next_message(t.node, str, "topic"), "aiorcl.next_message()"),
    ("period", lambda t: untyped.ticks(t.node, "1"), "period in seconds"),
    ("period Duration", lambda t: untyped.ticks(t.node, Duration(seconds=1)), "in seconds"),
    ("clock", lambda t: untyped.ticks(t.node, 1.0, clock=t.node), "node.get_clock()"),
    ("event", lambda t: untyped.qos_events(t.node, t.publisher, "MATCHED"), "EventType"),
    ("goal class", lambda t: untyped.goal(t.action_client, Fibonacci.Goal), "the class test_msgs"),
    ("goal type", lambda t: untyped.goal(t.action_client, Int64()), "Fibonacci.Goal"),
    (
        *(
            "goal queue",
            lambda t: untyped.goal(t.action_client, Fibonacci.Goal(), feedback_queue_size="1"),
        ),
        "feedback_queue_size",
    ),
    ("service", lambda t: untyped.serve_action(t.node, Trigger, "a", execute), "action class"),
    ("name", lambda t: untyped.serve_action(t.node, Fibonacci, None, execute), "name of an action"),
    ("plain", lambda t: untyped.serve_action(t.node, Fibonacci, "a", plain), "async def execute"),
    (
        "result",
        lambda t: untyped.serve_action(t.node, Fibonacci, "a", execute(1)),
        "await execute()",
    ),
    *(
        (
            f"{name} {value!r:.30}",
            functools.partial(
                lambda t, options: untyped.serve_action(t.node, Fibonacci, "a", execute, **options),
                options={name: value},
            ),
            f"aiorcl.serve_action() {words.format(name)}",
        )
        for name, values, words in (
            ("goal_service_qos_profile", (None, 10, QoSProfile), "takes a QoSProfile as {}, not "),
            ("result_service_qos_profile", (None,), "takes a QoSProfile as {}, not None"),
            ("cancel_service_qos_profile", (None,), "takes a QoSProfile as {}, not None"),
            ("feedback_pub_qos_profile", ("10",), "takes a QoSProfile as {}, not '10'"),
            ("status_pub_qos_profile", ([],), "takes a QoSProfile as {}, not []"),
            ("handle_accepted_callback", (3, "f"), "takes a function as {}, not "),
            ("result_timeout", ("3", None, int), "takes seconds as {}, 0 or more, not "),
            ("execute_callback", (None,), "got an unexpected keyword argument '{}'"),
            ("depth", (10,), "got an unexpected keyword argument '{}'"),
        )
        for value in values
    ),
    ("AsyncioClock of a node", lambda t: untyped.AsyncioClock(t.node), "node.get_clock()"),
    ("context", lambda t: untyped.AsyncioExecutor(context=t.node), "node.context"),
    ("context class", lambda _: untyped.AsyncioExecutor(context=Context), "Context itself"),
    ("loop", lambda _: untyped.AsyncioExecutor(loop=asyncio.new_event_loop), "an event loop"),
    ("on_error", lambda _: untyped.AsyncioExecutor(on_error="log"), "function as on_error"),
    *(
        (
            f"strict_groups {value}",
            lambda t, value=value: untyped.AsyncioExecutor(
                context=t.node.context, strict_groups=value
            ),
            f"AsyncioExecutor() takes True or False as strict_groups, not {value!r}",
        )
        for value in ("no", None)
    ),
    ("odd", lambda t: untyped.serve_action(t.node, Fibonacci, "a", Odd()), "async def execute"),
    ("queue", lambda t: untyped.messages(t.node, Int64, "topic", queue_size="1"), "queue_size as"),
    ("timeout of spin_once", lambda t: t.executor.spin_once("1"), "spin_once() takes a timeout"),
    ("timeout of shutdown", lambda t: t.executor.shutdown("1"), "shutdown() takes a timeout"),
    (
        "spin's timeout",
        lambda t: t.executor.spin_until_future_complete(t.executor.create_future(), "1"),
        "takes a timeout in seconds, or None, not '1' (str)",
    ),
    (
        "slow callback",
        lambda t: setattr(t.executor, "slow_callback_duration", "0.1"),
        "a number of seconds or None, not '0.1'",
    ),
    ("spin", lambda t: t.executor.spin_until_future_complete(None), "takes a future"),
    ("spin once", lambda t: t.executor.spin_once_until_future_complete(5), "not 5 (int)"),
    (
        "spin for a coroutine",
        lambda t: t.executor.spin_until_future_complete(execute(1)),
        "write executor.create_task(execute())",
    ),
    ("limit", lambda _: untyped.LimitedCallbackGroup("3"), "LimitedCallbackGroup() takes"),
    ("limit float", lambda _: untyped.LimitedCallbackGroup(1.5), "as an int, not 1.5"),
    ("workers", lambda _: untyped.ThreadCallbackGroup(None), "ThreadCallbackGroup() takes"),
    ("run of a node", lambda t: untyped.run(t.node), "a node class or a function"),
    ("run of a coroutine", lambda _: untyped.run(execute(1)), "main instead of main()"),
    ("run several", lambda t: untyped.run([execute, t.node]), "a node class or a function"),
    *(
        (
            f"args {args!r}",
            lambda _, args=args: untyped.run(execute, args=args),
            f"aiorcl.run() takes a list of arguments for ROS, strings as in sys.argv, not {args!r}",
        )
        for args in ("--ros-args", b"", b"x", [1, 2], [None], [b"x"], 5, {"x"})
    ),
    ("loop_factory", lambda _: untyped.run(execute, loop_factory="uvloop"), "as loop_factory"),
    ("sleep", lambda t: t.clock.sleep_for_async(1.0), "Duration(seconds=0.5)"),
    ("until", lambda t: t.clock.sleep_until_async(1.0), "now()"),
]


@pytest.mark.parametrize(("call", "words"), [row[1:] for row in WRONG], ids=[r[0] for r in WRONG])
def test_what_is_wrong_is_refused(context: Context, lone: Node, call: Any, words: str) -> None:
    """By TypeError, at the first step, before anything is made; on any loop, or on none."""
    things = Things(lone)
    entities = [len(list(kind)) for kind in (lone.waitables, lone.subscriptions, lone.timers)]
    with pytest.raises(TypeError) as refused:
        call(things).send(None)
    assert words in str(refused.value)
    assert ",," not in str(refused.value)
    assert entities == [len(list(k)) for k in (lone.waitables, lone.subscriptions, lone.timers)]


@pytest.mark.parametrize("name", ["bad name!", "", "1st", "a//b", "{nobody}", "/tail/"])
def test_what_no_topic_can_be_called(lone: Node, name: str) -> None:
    """Refused at the call, as rclpy refuses to make a subscription."""
    with pytest.raises((InvalidTopicNameException, ValueError)) as of_rclpy:
        lone.create_subscription(Int64, name, lambda _: None, 10)
    with pytest.raises(of_rclpy.type) as at_call:
        aiorcl.messages(lone, Int64, name)
    assert str(at_call.value) == str(of_rclpy.value)
    with pytest.raises(of_rclpy.type):
        aiorcl.next_message(lone, Int64, name).send(None)


@pytest.mark.parametrize("name", ["topic", "/a/b", "~/own", "{node}/sub"])
def test_what_a_topic_can_be_called(lone: Node, name: str) -> None:
    """Nothing is refused that rclpy takes."""
    assert name in repr(aiorcl.messages(lone, Int64, name))


@pytest.mark.parametrize("way", ["partial", "object", "method", "wrapped"])
def test_whatever_makes_a_coroutine_executes_goals(context: Context, lone: Node, way: str) -> None:
    """Not only functions that are written by ``async def``."""

    class Executes:
        async def __call__(self, _: Any) -> None: ...

        async def method(self, _: Any) -> None: ...

    @functools.wraps(execute)
    def wrapper(goal: Any) -> Any:
        return execute(goal)

    functions: dict[str, Any] = {
        "partial": functools.partial(execute),
        "object": Executes(),
        "method": Executes().method,
        "wrapped": wrapper,
    }
    aiorcl.serve_action(lone, Fibonacci, "action", functions[way]).destroy()


def test_the_entity_of_somebody_else(run: Run, context: Context, lone: Node) -> None:
    """Of a node on no executor, and destroyed ones: what to do is said."""
    things = Things(lone)
    calls: list[Callable[[], Any]] = [
        lambda: aiorcl.call(things.client, Trigger.Request()),
        lambda: aiorcl.publish(things.publisher, Int64()),
        lambda: aiorcl.service_ready(things.client),
        lambda: aiorcl.action_ready(things.action_client),
        lambda: aiorcl.subscribers_ready(things.publisher),
        lambda: aiorcl.node_ready(lone, "n"),
        lambda: anext(aiorcl.messages(lone, Int64, "topic")),
        lambda: aiorcl.next_message(lone, Int64, "topic"),
        lambda: anext(aiorcl.ticks(lone, 1)),
        lambda: aiorcl.goal(things.action_client, Fibonacci.Goal()).__aenter__(),
    ]

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            for call in calls:
                with pytest.raises(RuntimeError, match="add_node"):
                    await call()
            executor.add_node(lone)
            things.action_client.destroy()
            lone.destroy_node()
            for call in calls:
                with pytest.raises(RuntimeError, match=r" was destroyed$"):
                    await call()

    run(main)


@pytest.mark.parametrize("coroutine", [False, True], ids=["plain", "coroutine"])
def test_a_service_callback_that_returns_none(
    run: Run, context: Context, lone: Node, coroutine: bool
) -> None:
    """The error names the service, and says what to write."""

    async def forgetful(_: Trigger.Request, response: Trigger.Response) -> None:
        response.success = True

    def forgets(_: Trigger.Request, response: Trigger.Response) -> None:
        response.success = True

    lone.create_service(Trigger, "service", forgetful if coroutine else forgets)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await aiorcl.call(lone.create_client(Trigger, "service"), Trigger.Request())

    with pytest.raises(
        TypeError, match="service '/service' returned None: write 'return response'"
    ):
        run(main)


def test_what_is_out_of_range(run: Run, context: Context, lone: Node) -> None:
    """Periods and times that rcl cannot count, and fewer subscriptions than none."""
    with pytest.raises(ValueError, match=r"less than 9\.22e\+09, not 1000"):
        aiorcl.ticks(lone, 1e12)
    for timeout in (-1, math.nan, Decimal("nan"), math.inf, 2**34, 10**400):
        with pytest.raises(
            ValueError, match=r"serve_action\(\) takes seconds as result_timeout, 0"
        ):
            aiorcl.serve_action(lone, Fibonacci, "action", execute, result_timeout=timeout)
    publisher = lone.create_publisher(Int64, "topic", 10)

    async def main() -> None:
        with pytest.raises(ValueError, match="0 or more subscriptions is expected, not -1"):
            await aiorcl.subscribers_ready(publisher, -1)

    run(main)


@pytest.mark.parametrize("depth", [-1, 2**31, 10**20])
@pytest.mark.parametrize("way", ["messages", "next_message"])
def test_no_depth(lone: Node, way: str, depth: int) -> None:
    """What rclpy would refuse when the stream is opened, or could not hand on, is at the call."""

    def call() -> object:
        if way == "messages":
            return aiorcl.messages(lone, Int64, "topic", depth)
        return aiorcl.next_message(lone, Int64, "topic", depth).send(None)

    with pytest.raises(ValueError, match=rf"aiorcl.{way}\(\) takes a depth of .*, not {depth}"):
        call()
    lone.create_subscription(Int64, "topic", plain, 2**31 - 1)  # which rclpy takes


def test_no_timeout(context: Context) -> None:
    """NaN is no time, and none would ever be past it."""
    with AsyncioExecutor(context=context) as executor:
        calls: list[Callable[[Any], object]] = [
            executor.spin_once,
            functools.partial(executor.spin_until_future_complete, executor.create_future()),
            functools.partial(executor.spin_once_until_future_complete, executor.create_future()),
            executor.shutdown,
        ]
        for call in calls:
            with pytest.raises(ValueError, match="takes a timeout in seconds, or None, not nan"):
                call(math.nan)
            with pytest.raises(ValueError, match="takes a timeout in seconds, or None, not NaN"):
                call(Decimal("nan"))


@pytest.mark.parametrize(
    "timeout_sec", [math.inf, 1e12, 10**400, np.float32(10), Fraction(10), Decimal(10)], ids=repr
)
def test_any_number_is_a_timeout(context: Context, timeout_sec: Any) -> None:
    """One that is longer than a thread can wait is as none; on any thread, and for any call."""
    executor = AsyncioExecutor(context=context)
    future = executor.create_future()
    spins: list[Callable[[], object]] = [
        lambda: executor.spin_once(timeout_sec),
        lambda: executor.spin_until_future_complete(future, timeout_sec),
        lambda: executor.spin_once_until_future_complete(future, timeout_sec),
    ]
    for spin in spins:
        executor.create_task(future.set_result, None)
        spin()
    spinning = threading.Event()
    executor.create_task(spinning.set)
    thread = threading.Thread(target=executor.spin)
    thread.start()
    spinning.wait()
    assert executor.shutdown(timeout_sec)
    thread.join()


def test_a_server_on_a_destroyed_node(make_node: MakeNode) -> None:
    """It says what is destroyed."""
    node = make_node()
    node.destroy_node()
    with pytest.raises(InvalidHandle, match=r"aiorcl.serve_action\(\): the node was destroyed"):
        aiorcl.serve_action(node, Fibonacci, "action", execute)
