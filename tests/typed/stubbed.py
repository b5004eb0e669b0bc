# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What type checkers say of programs with the stubs of `aiorcl stubs`: checked, and never run.
"""A line that is wrong has the error that mypy finds there."""

from __future__ import annotations

import array
from typing import TypeAlias, assert_type

import rclpy
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.action.client import ClientGoalHandle
from rclpy.action.server import ServerGoalHandle
from rclpy.client import Client
from rclpy.clock import ClockType
from rclpy.clock_type import ClockType as ClockTypeItself
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.logging import LoggingSeverity
from rclpy.node import Client as ClientOfNode
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.service import Service
from rclpy.subscription import Subscription
from rclpy.task import Future
from rclpy.time import Time
from sensor_msgs.msg import BatteryState, LaserScan
from std_msgs.msg import Header, String
from std_srvs.srv import SetBool, Trigger
from test_msgs.action import Fibonacci, NestedMessage

import aiorcl

FibonacciHandle: TypeAlias = ServerGoalHandle[Fibonacci.Goal, Fibonacci.Result, Fibonacci.Feedback]


class Callbacks(Node):
    """A node with each kind of callback, as coroutine functions and as functions."""

    def __init__(self) -> None:
        super().__init__("callbacks")
        assert_type(self.create_publisher(String, "s", 10), Publisher[String])
        subscription = self.create_subscription(String, "s", self.on_message, 10)
        assert_type(subscription, Subscription[String])
        self.create_subscription(String, "s", self.on_message_now, 1)
        self.create_subscription(String, "s", lambda message: message.data, 10)
        self.create_subscription(String, "s", self.on_bytes, 10, raw=True)
        self.create_subscription(String, "s", self.on_request, 10)  # type: ignore[arg-type]
        self.create_subscription(Header, "s", self.on_message, 10)  # type: ignore[arg-type]
        self.create_subscription(String, "s", self.on_tick, 10)  # type: ignore[arg-type]
        service = self.create_service(Trigger, "t", self.on_request)
        assert_type(service, Service[Trigger.Request, Trigger.Response])
        self.create_service(Trigger, "t", self.on_request_now)
        self.create_service(SetBool, "t", self.on_request)  # type: ignore[arg-type]
        self.create_service(Trigger, "t", self.on_message)  # type: ignore[arg-type]
        self.create_service(String, "t", self.on_request)  # type: ignore[arg-type]
        self.create_timer(1.0, self.on_tick)
        self.create_timer(1.0, self.on_tick_now)
        self.create_timer(1.0, self.on_request)  # type: ignore[arg-type]
        self.create_guard_condition(self.on_tick)

    async def on_message(self, message: String) -> None:
        """A callback of a subscription."""

    def on_message_now(self, message: String) -> None:
        """A callback of a subscription."""

    async def on_bytes(self, message: bytes) -> None:
        """A callback of a subscription that is raw."""

    async def on_request(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """A callback of a service."""
        response.message = "x"
        response.reply = True  # type: ignore[attr-defined]
        return response

    def on_request_now(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """A callback of a service."""
        return response

    async def on_tick(self) -> None:
        """A callback of a timer."""

    def on_tick_now(self) -> None:
        """A callback of a timer."""


class Camera(LifecycleNode):
    """A lifecycle node, some of whose callbacks are coroutine functions."""

    async def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """A callback of a transition."""
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """One that is a function, and hands on what rclpy's returns."""
        return super().on_activate(state)

    async def on_error(self) -> TransitionCallbackReturn:  # type: ignore[override]
        """One that cannot be called with a state."""
        return TransitionCallbackReturn.SUCCESS


async def transitions(camera: Camera) -> None:
    """What is awaited, and what is not as no callback is a coroutine function."""
    print(await camera.trigger_configure())
    returned: TransitionCallbackReturn = camera.trigger_activate()
    print(returned == TransitionCallbackReturn.SUCCESS)
    await camera.trigger_configure(3)  # type: ignore[call-arg]
    await camera.trigger_start()  # type: ignore[attr-defined]


async def fields(node: Node) -> None:
    """Fields are of the types that rclpy gives, and take more."""
    async for scan in aiorcl.messages(node, LaserScan, "scan"):
        assert_type(scan.header, Header)
        assert_type(scan.header.stamp.sec, int)
        assert_type(scan.range_max, float)
        assert_type(scan.ranges, array.array[float])
        scan.ranges = [1.0, 2.0]
        scan.ranges = ["1.0"]  # type: ignore[list-item]
        scan.rages = [1.0]  # type: ignore[attr-defined]
        scan.header.frame_id = 3  # type: ignore[assignment]
    message = await aiorcl.next_message(node, String, "s")
    assert_type(message, String)
    assert_type(message.data, str)
    print(message.dta)  # type: ignore[attr-defined]
    String(dta="x")  # type: ignore[call-arg]
    String(data=3)  # type: ignore[arg-type]
    full: int = BatteryState.POWER_SUPPLY_STATUS_FULL
    print(full)
    BatteryState.POWER_SUPPLY_STATUS_FULL = 3  # type: ignore[misc]


async def calls(node: Node) -> None:
    """A client is of what its service takes and answers."""
    client = node.create_client(SetBool, "s")
    assert_type(client, Client[SetBool.Request, SetBool.Response])
    response = await aiorcl.call(client, SetBool.Request(data=True))
    assert_type(response, SetBool.Response)
    future = client.call_async(SetBool.Request())
    assert_type(future, Future[SetBool.Response])
    assert_type(await future, SetBool.Response)
    assert_type(future.result(), SetBool.Response | None)
    assert_type(client.call(SetBool.Request()), SetBool.Response)
    assert_type(client.call(SetBool.Request(), 1.0), SetBool.Response | None)
    client.call_async(Trigger.Request())  # type: ignore[arg-type]
    await aiorcl.call(client, Trigger.Request())  # type: ignore[misc]
    node.create_client(String, "s")  # type: ignore[arg-type]
    publisher = node.create_publisher(String, "s", 10)
    publisher.publish(String())
    publisher.publish(Header())  # type: ignore[arg-type]


def imported(node: Node, client: ClientOfNode[SetBool.Request, SetBool.Response]) -> None:
    """What modules of rclpy import may be imported from them, as many programs do."""
    while rclpy.ok():
        print(client, rclpy.get_default_context())
    assert_type(node.get_clock().clock_type, ClockTypeItself)
    assert_type(node.get_clock().now(), Time)
    assert_type(node.get_clock().now() > Time(seconds=1, clock_type=ClockType.ROS_TIME), bool)
    node.get_logger().set_level(LoggingSeverity.DEBUG)
    print(ClockType.ROSTIME)  # type: ignore[attr-defined]


def gained(node: Node, subscription: Subscription[String]) -> None:
    """What aiorcl gives to the classes of rclpy is there."""
    timer = node.create_timer(1.0, print)
    assert_type(timer.timer_period_ns, int)
    timer.timer_period_ns = 3
    timer.logger.info("x")
    subscription.logger.info("x")
    subscription.set_on_new_message_callback(lambda count: print(count + 1))
    subscription.set_on_new_message_callback(3)  # type: ignore[arg-type]


async def goals(node: Node) -> None:
    """A client of an action is of its messages, and so are its goals."""
    client = ActionClient(node, Fibonacci, "fibonacci")
    assert_type(client, ActionClient[Fibonacci.Goal, Fibonacci.Result, Fibonacci.Feedback])
    async with aiorcl.goal(client, Fibonacci.Goal(order=3)) as running:
        async for feedback in running:
            assert_type(feedback, Fibonacci.Feedback)
        result = await running.result()
        assert_type(result, Fibonacci.Result)
        assert_type(result.sequence, array.array[int])
    handle = await client.send_goal_async(Fibonacci.Goal())
    assert_type(handle, ClientGoalHandle[Fibonacci.Goal, Fibonacci.Result, Fibonacci.Feedback])
    assert_type((await handle.get_result_async()).result, Fibonacci.Result)
    aiorcl.goal(client, Fibonacci.Result())  # type: ignore[misc]
    client.send_goal_async(Fibonacci.Result())  # type: ignore[arg-type]
    ActionClient(node, Trigger, "fibonacci")  # type: ignore[arg-type]


def served(node: Node) -> None:
    """What executes goals takes and returns the messages of the action."""

    async def execute(goal: aiorcl.ServedGoal[Fibonacci]) -> Fibonacci.Result:
        assert_type(goal.request.order, int)
        print(goal.request.ordr)  # type: ignore[attr-defined]
        goal.result.sequence = [1]
        goal.result.sequences = [1]  # type: ignore[attr-defined]
        goal.publish_feedback(Fibonacci.Feedback(sequence=[1]))
        goal.publish_feedback(Fibonacci.Result())  # type: ignore[arg-type]
        return goal.result

    async def wrong(goal: aiorcl.ServedGoal[Fibonacci]) -> Trigger.Response:
        return Trigger.Response()

    async def of_another(goal: aiorcl.ServedGoal[NestedMessage]) -> Fibonacci.Result:
        return Fibonacci.Result()

    async def accept(goal: Fibonacci.Goal) -> GoalResponse:
        return GoalResponse.ACCEPT if goal.order else GoalResponse.REJECT

    aiorcl.serve_action(node, Fibonacci, "fibonacci", execute, goal_callback=accept)
    aiorcl.serve_action(node, Fibonacci, "fibonacci", wrong)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Fibonacci, "fibonacci", of_another)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Trigger, "fibonacci", execute)  # type: ignore[arg-type]


async def requests(node: Node) -> None:
    """What answers requests takes them with the messages of the service."""

    def switch(asked: aiorcl.ServedRequest[SetBool]) -> None:
        assert_type(asked.request.data, bool)
        print(asked.request.dta)  # type: ignore[attr-defined]
        asked.response.success = True
        asked.response.succeeded = True  # type: ignore[attr-defined]
        asked.respond()
        asked.respond(SetBool.Response(success=True))
        asked.respond(Trigger.Response())  # type: ignore[arg-type]

    def trigger(asked: aiorcl.ServedRequest[Trigger]) -> None:
        asked.respond(Trigger.Response(message="x"))

    async for asked in aiorcl.requests(node, SetBool, "light"):
        assert_type(asked.request, SetBool.Request)
        switch(asked)
        trigger(asked)  # type: ignore[arg-type]
    aiorcl.requests(node, String, "light")  # type: ignore[arg-type]


def served_by_rclpy(node: Node) -> None:
    """rclpy's own server takes coroutine functions, too."""

    async def execute(handle: FibonacciHandle) -> Fibonacci.Result:
        assert_type(handle.request, Fibonacci.Goal)
        handle.publish_feedback(Fibonacci.Feedback())
        handle.succeed()
        return Fibonacci.Result()

    async def cancel(handle: FibonacciHandle) -> CancelResponse:
        return CancelResponse.ACCEPT

    ActionServer(node, Fibonacci, "fibonacci", execute, cancel_callback=cancel)
    ActionServer(node, Fibonacci, "fibonacci", cancel)  # type: ignore[arg-type]
