# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The types that users of the API see: mypy and pyright check each line here.
"""The first classes of this file stand for generated interfaces, which bring no types."""

from __future__ import annotations

from typing import Any, assert_type

from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse
from rclpy.client import Client
from rclpy.event_handler import (
    QoSMessageLostInfo,
    QoSPublisherEventType,
    QoSPublisherMatchedInfo,
    QoSSubscriptionEventType,
)
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription
from rclpy.timer import Timer

import aiorcl
from aiorcl import AsyncioExecutor


class Scan:
    """A message, or a response."""


class Ask:
    """A request."""


class Drive:
    """An action."""

    class Goal:
        """A goal."""

    class Result:
        """A result."""

    class Feedback:
        """A feedback message."""


class Follow:
    """Another action."""

    class Goal:
        """A goal."""

    class Result:
        """A result."""

    class Feedback:
        """A feedback message."""


class Look:
    """A service."""

    class Request:
        """A request."""

    class Response:
        """A response."""


class Hear:
    """Another service."""

    class Request:
        """A request."""

    class Response:
        """A response."""


class Robot(Node):
    """A node that needs no arguments."""

    def __init__(self) -> None:
        super().__init__("robot")


async def streams(node: Node, publisher: Publisher[Scan]) -> None:
    """A stream is of what it yields."""
    stream = aiorcl.messages(node, Scan, "scan", 10, queue_size=1)
    assert_type(stream, aiorcl.MessageStream[Scan])
    assert_type(stream.subscription, Subscription[Scan])
    assert_type(stream.dropped, int)
    async for scan in stream:
        assert_type(scan, Scan)
    assert_type(await anext(stream), Scan)
    async with stream as entered:
        assert_type(entered, aiorcl.MessageStream[Scan])
    assert_type(await aiorcl.next_message(node, Scan, "scan"), Scan)
    async with aiorcl.ticks(node, 0.1) as ticks:
        assert_type(ticks.timer, Timer)
        async for tick in ticks:
            assert_type(tick, aiorcl.Tick)
            assert_type(tick.missed, int)
    events = aiorcl.qos_events(node, publisher, QoSPublisherEventType.RCL_PUBLISHER_MATCHED)
    assert_type(events, aiorcl.EventStream[QoSPublisherMatchedInfo])
    losses = aiorcl.qos_events(
        node, stream.subscription, QoSSubscriptionEventType.RCL_SUBSCRIPTION_MESSAGE_LOST
    )
    async for event in losses:
        assert_type(event, QoSMessageLostInfo)
    async for changed in aiorcl.parameter_changes(node, "rate"):
        assert_type(changed, list[Parameter[Any]])
    aiorcl.parameter_changes(node, 1)  # type: ignore[arg-type]
    async for scan, ask in aiorcl.synchronized(node, (Scan, "scan"), (Ask, "ask")):
        assert_type(scan, Scan)
        assert_type(ask, Ask)
    async for asked in aiorcl.requests(node, Look, "look"):
        assert_type(asked.request, Look.Request)
        assert_type(asked.response, Look.Response)
        asked.respond(Look.Response())
        asked.respond(Ask())  # type: ignore[arg-type]
    aiorcl.messages(node, "Scan", "scan")  # type: ignore[arg-type]
    aiorcl.messages(node, Scan(), "scan")  # type: ignore[arg-type]
    aiorcl.messages(Robot, Scan, "scan")  # type: ignore[arg-type]
    aiorcl.messages(node, Scan, "scan", "10")  # type: ignore[arg-type]
    await aiorcl.next_message(node, Scan, None)  # type: ignore[arg-type]
    aiorcl.ticks(node, "0.1")  # type: ignore[arg-type]
    aiorcl.ticks(node, 0.1, clock=node)  # type: ignore[arg-type]
    of_the_other_kind = QoSSubscriptionEventType.RCL_SUBSCRIPTION_MATCHED
    aiorcl.qos_events(node, publisher, of_the_other_kind)  # type: ignore[call-overload]


async def calls(client: Client[Ask, Scan], publisher: Publisher[Scan]) -> None:
    """The response is of the client's type, and so must the request be."""
    assert_type(await aiorcl.call(client, Ask()), Scan)
    await aiorcl.call(client, Scan())  # type: ignore[misc]
    await aiorcl.publish(publisher, Scan())
    await aiorcl.publish(publisher, Ask())  # type: ignore[misc]
    await aiorcl.publish(publisher, Scan)  # type: ignore[misc]
    await aiorcl.call(publisher, Scan())  # type: ignore[arg-type]
    aiorcl.call(client, Ask())  # type: ignore[unused-coroutine]


async def goals(client: ActionClient[Ask, Scan, str]) -> None:
    """What a goal brings is of the client's types."""
    async with aiorcl.goal(client, Ask()) as running:
        assert_type(running, aiorcl.RunningGoal[Ask, Scan, str])
        async for feedback in running:
            assert_type(feedback, str)
        assert_type(await running.result(), Scan)
    aiorcl.goal(client, Scan())  # type: ignore[misc]


async def served_requests(node: Node) -> None:
    """What answers requests names their service, whose messages they are of; or none."""

    def answer(asked: aiorcl.ServedRequest[Look]) -> None:
        assert_type(asked.request, Look.Request)
        assert_type(asked.response, Look.Response)
        asked.request = Look.Request()  # type: ignore[misc]
        asked.response = Look.Response()
        asked.response = Look.Request()  # type: ignore[assignment]
        asked.respond()
        asked.respond(asked.response)
        asked.respond(asked.request)  # type: ignore[arg-type]

    def untyped(asked: aiorcl.ServedRequest) -> None:
        assert_type(asked.request, Any)
        asked.respond(Look.Response())

    def of_another(asked: aiorcl.ServedRequest[Hear]) -> None:
        asked.respond(Hear.Response())

    def of_no_service(asked: aiorcl.ServedRequest[Drive]) -> None:
        print(asked.request)  # type: ignore[misc]

    async for asked in aiorcl.requests(node, Look, "look"):
        answer(asked)
        untyped(asked)
        of_another(asked)  # type: ignore[arg-type]
        of_no_service(asked)  # type: ignore[arg-type]
    waiting: list[aiorcl.ServedRequest[Look]] = []
    waiting.append(await anext(aiorcl.requests(node, Look, "look")))
    others: list[aiorcl.ServedRequest[Hear]] = []
    others.append(await anext(aiorcl.requests(node, Look, "look")))  # type: ignore[arg-type]
    aiorcl.requests(node, Drive, "look")  # type: ignore[arg-type]


def served_goals(node: Node) -> None:
    """What executes goals names their action, whose messages they are of; or none."""

    async def execute(goal: aiorcl.ServedGoal[Drive]) -> Drive.Result:
        assert_type(goal.request, Drive.Goal)
        assert_type(goal.result, Drive.Result)
        goal.result = Drive.Result()
        goal.result = Drive.Goal()  # type: ignore[assignment]
        goal.request = Drive.Goal()  # type: ignore[misc]
        goal.publish_feedback(Drive.Feedback())
        goal.publish_feedback(Drive.Result())  # type: ignore[arg-type]
        return goal.result

    async def fill(goal: aiorcl.ServedGoal[Drive]) -> None:
        """Return what it has filled."""

    async def untyped(goal: aiorcl.ServedGoal) -> Drive.Result:
        assert_type(goal.request, Any)
        goal.result = Drive.Result()
        goal.publish_feedback(Drive.Feedback())
        return Drive.Result()

    async def of_another(goal: aiorcl.ServedGoal[Follow]) -> Drive.Result:
        return Drive.Result()

    async def of_no_action(goal: aiorcl.ServedGoal[Look]) -> Drive.Result:
        print(goal.request)  # type: ignore[misc]
        return Drive.Result()

    async def wrong_result(goal: aiorcl.ServedGoal[Drive]) -> Follow.Result:
        return Follow.Result()

    def plain(goal: aiorcl.ServedGoal[Drive]) -> Drive.Result:
        return goal.result

    def decide(goal: Drive.Goal) -> GoalResponse:
        return GoalResponse.ACCEPT

    def permit(goal: aiorcl.ServedGoal[Drive]) -> CancelResponse:
        return CancelResponse.ACCEPT

    server = aiorcl.serve_action(
        node, Drive, "drive", execute, goal_callback=decide, cancel_callback=permit
    )
    assert_type(server, ActionServer[Drive.Goal, Drive.Result, Drive.Feedback])
    aiorcl.serve_action(node, Drive, "drive", fill)
    aiorcl.serve_action(node, Drive, "drive", untyped)
    aiorcl.serve_action(node, Drive, "drive", of_another)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Drive, "drive", of_no_action)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Drive, "drive", wrong_result)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Drive, "drive", plain)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Follow, "follow", execute)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Robot, "drive", execute)  # type: ignore[arg-type]
    aiorcl.serve_action(node, "Drive", "drive", execute)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Drive, "drive", execute, cancel_callback=plain)  # type: ignore[arg-type]
    aiorcl.serve_action(node, Follow, "follow", untyped, cancel_callback=permit)  # type: ignore[arg-type]


async def tasks(executor: AsyncioExecutor) -> None:
    """A task is of what its function returns, and takes what that takes."""

    def plain(number: int, *, word: str = "") -> bytes:
        return word.encode() * number

    async def coroutine(number: int) -> str:
        return str(number)

    assert_type(executor.create_task(plain, 3, word="a"), aiorcl.Task[bytes])
    assert_type(executor.create_task(coroutine, 3), aiorcl.Task[str])
    assert_type(executor.create_task(coroutine(3)), aiorcl.Task[str])
    assert_type(await executor.create_task(coroutine, 3), str)
    assert_type(executor.create_task(coroutine, 3).result(), str | None)
    executor.create_task(plain, "3")  # type: ignore[call-overload]
    executor.create_task(coroutine)  # type: ignore[call-overload]
    executor.create_task(coroutine(3), 3)  # type: ignore[call-overload]
    executor.create_task(3)  # type: ignore[call-overload]


def executors(node: Node) -> None:
    """What makes executors and groups."""
    AsyncioExecutor(on_error=lambda error, label: None)
    AsyncioExecutor(context=node)  # type: ignore[arg-type]
    aiorcl.LimitedCallbackGroup("3")  # type: ignore[arg-type]
    aiorcl.ThreadCallbackGroup(1.5)  # type: ignore[arg-type]


async def readiness(
    node: Node,
    client: Client[Ask, Scan],
    publisher: Publisher[Scan],
    action_client: ActionClient[Any, Any, Any],
) -> None:
    """Any client and any publisher may be waited for."""
    await aiorcl.service_ready(client)
    await aiorcl.subscribers_ready(publisher, 2)
    await aiorcl.action_ready(action_client)
    await aiorcl.node_ready(node, "other")
    await aiorcl.service_ready(publisher)  # type: ignore[arg-type]


async def main(executor: AsyncioExecutor) -> int:
    """A program."""
    return len(executor.get_nodes())


def programs() -> None:
    """What main returns is what run returns, or None after a signal."""
    assert_type(aiorcl.run(main), int | None)
    assert_type(aiorcl.run(Robot), None)
    assert_type(aiorcl.run(lambda: Node("node")), None)
    assert_type(aiorcl.run([main, Robot], args=[]), None)
    aiorcl.run(main, loop_factory=aiorcl.new_event_loop, debug=True)
    aiorcl.run(3)  # type: ignore[call-overload]
    aiorcl.run(tasks, args=3)  # type: ignore[call-overload]
    aiorcl.run(calls)  # type: ignore[arg-type]
