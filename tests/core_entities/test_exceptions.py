# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Whatever raises between the queue and the callback: the entity is served on.

from __future__ import annotations

import select
from collections.abc import Iterator
from typing import Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.callback_groups import CallbackGroup
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, _core
from tests.support.actions import execute


@pytest.fixture
def errors() -> list[str]:
    """What on_error was told."""
    return []


@pytest.fixture
def executor(context: Context, lone: Node, errors: list[str]) -> Iterator[AsyncioExecutor]:
    """An executor that runs ``lone`` and goes on after an exception."""
    executor = AsyncioExecutor(
        context=context, on_error=lambda error, label: errors.append(str(error))
    )
    executor.add_node(lone)
    yield executor
    executor.shutdown()


def spin_until(executor: AsyncioExecutor, received: list[int], count: int) -> None:
    """Spin until so many are received."""
    while len(received) < count:
        executor.spin_once(timeout_sec=10.0)


def test_an_event_callback_raises(executor: AsyncioExecutor, lone: Node, errors: list[str]) -> None:
    """A callback for new messages that raises costs no message."""
    received: list[int] = []
    subscription = lone.create_subscription(Int64, "t", lambda m: received.append(m.data), 10)
    publisher = lone.create_publisher(Int64, "t", 10)
    executor.spin_once(timeout_sec=0)

    def fail(count: int) -> None:
        raise LookupError("on purpose")

    subscription.set_on_new_message_callback(fail)  # type: ignore[attr-defined]
    publisher.publish(Int64(data=1))
    spin_until(executor, received, 1)
    publisher.publish(Int64(data=2))
    spin_until(executor, received, 2)
    assert received == [1, 2]
    assert errors == ["on purpose", "on purpose"]


@pytest.mark.parametrize("destroy", [False, True])
def test_an_event_callback_destroys_its_entity(
    executor: AsyncioExecutor, lone: Node, destroy: bool
) -> None:
    """A callback for new messages may end the subscription, and others are served on."""
    received: list[int] = []
    subscription = lone.create_subscription(Int64, "t", lambda m: received.append(-m.data), 10)
    lone.create_subscription(Int64, "t", lambda m: received.append(m.data), 10)
    publisher = lone.create_publisher(Int64, "t", 10)
    executor.spin_once(timeout_sec=0)

    def end(count: int) -> None:
        lone.destroy_subscription(subscription)
        if not destroy:
            raise LookupError("after its end")

    subscription.set_on_new_message_callback(end)  # type: ignore[attr-defined]
    publisher.publish(Int64(data=1))
    publisher.publish(Int64(data=2))
    spin_until(executor, received, 2)
    assert received == [1, 2]


class Fickle(CallbackGroup):
    """A group that refuses and raises in turn, and closes what it is asked for if told so."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self.asked: list[Any] = []

    def can_execute(self, entity: Any) -> Any:
        """Give the next answer; True without one."""
        self.asked.append(entity)
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def beginning_execution(self, entity: Any) -> bool:
        """Agree."""
        return True

    def ending_execution(self, entity: Any) -> None:
        """Need nothing."""


class Untrue:
    """Raises when it is asked whether it is true."""

    def __bool__(self) -> bool:
        raise LookupError("on purpose")


@pytest.mark.parametrize("answers", [[LookupError("on purpose")] * 3, [Untrue()] * 2, [0, 0, 0]])
def test_a_message_is_held_back_and_comes(
    executor: AsyncioExecutor, lone: Node, errors: list[str], answers: list[Any]
) -> None:
    """Whatever a group answers first, its message is handled when it agrees, by time alone."""
    received: list[int] = []
    group = Fickle()
    group.answers = list(answers)
    lone.create_subscription(
        Int64, "t", lambda m: received.append(m.data), 10, callback_group=group
    )
    lone.create_publisher(Int64, "t", 10).publish(Int64(data=1))
    spin_until(executor, received, 1)
    assert errors == ["on purpose"] * sum(answer != 0 for answer in answers)


def test_the_next_event_asks_for_all_of_the_group(executor: AsyncioExecutor, lone: Node) -> None:
    """An event of one entity has the group asked for the others that it holds back too."""
    group = Fickle()
    first = lone.create_subscription(Int64, "a", lambda m: None, 10, callback_group=group)
    second = lone.create_subscription(Int64, "b", lambda m: None, 10, callback_group=group)
    publishers = [lone.create_publisher(Int64, name, 10) for name in "ab"]
    group.answers = [False] * 1000
    publishers[0].publish(Int64())
    while not group.asked:
        executor.spin_once(timeout_sec=0.01)  # a question is no callback: it would go on waiting
    for _ in range(100):  # until the timer's next question is far away
        if len(group.asked) > 8:
            break
        executor.spin_once(timeout_sec=0.02)
    group.asked.clear()
    publishers[1].publish(Int64())
    while second not in group.asked:
        executor.spin_once(timeout_sec=0.01)
    executor.spin_once(timeout_sec=0)
    assert group.asked.index(second) < group.asked.index(first)


def test_a_question_ends_its_entity(executor: AsyncioExecutor, lone: Node) -> None:
    """A group may destroy the entity that it is asked for, and raise; others are served on."""
    received: list[int] = []
    group = Fickle()
    ended = lone.create_subscription(Int64, "t", lambda m: None, 10, callback_group=group)
    lone.create_subscription(Int64, "t", lambda m: received.append(m.data), 10)
    publisher = lone.create_publisher(Int64, "t", 10)

    def end() -> bool:
        lone.destroy_subscription(ended)
        raise LookupError("after its end")

    group.answers = [end]
    publisher.publish(Int64(data=1))
    publisher.publish(Int64(data=2))
    spin_until(executor, received, 2)


def test_a_held_back_entity_is_handed_over(context: Context, lone: Node) -> None:
    """What a group has held back here comes on the next executor."""
    received: list[int] = []
    group = Fickle()
    group.answers = [False] * 1000
    lone.create_subscription(
        Int64, "t", lambda m: received.append(m.data), 10, callback_group=group
    )
    publisher = lone.create_publisher(Int64, "t", 10)
    first, second = AsyncioExecutor(context=context), AsyncioExecutor(context=context)
    first.add_node(lone)
    for value in (1, 2):
        publisher.publish(Int64(data=value))
    while not group.asked:
        first.spin_once(timeout_sec=0.01)
    first.remove_node(lone)
    group.answers.clear()
    second.add_node(lone)
    spin_until(second, received, 2)
    assert received == [1, 2]
    second.shutdown()
    first.shutdown()


class Forgetful(ActionServer):  # type: ignore[type-arg]  # not generic at run time on Jazzy
    """A server whose user has overridden what is called when results expire."""

    failures = 2
    expired = 0

    async def execute(self, taken_data: Any) -> None:
        """Fail at first where results have expired."""
        if "expired" in taken_data:
            self.expired += len(taken_data["expired"])
            if self.failures:
                self.failures -= 1
                raise LookupError("on purpose")
        await super().execute(taken_data)


def test_results_expire_after_an_error(
    executor: AsyncioExecutor, lone: Node, errors: list[str]
) -> None:
    """The timer of the results goes on when what it calls has raised."""
    server = Forgetful(lone, Fibonacci, "action", execute, result_timeout=0)
    client = ActionClient(lone, Fibonacci, "action")
    for goals in range(1, 4):
        client.send_goal_async(Fibonacci.Goal(order=1))
        while server.expired < goals:
            executor.spin_once(timeout_sec=10.0)
    assert errors == ["on purpose"] * 2
    client.destroy()
    server.destroy()


def test_a_place_is_given_back_once() -> None:
    """An entity that is told twice that its callback has ended gives back no place of others."""
    group = _core.Group(_core.Dispatcher(), 1)
    entity = _core.DrivenWaitable(_core.Dispatcher(), _Open(), group, "waitable")
    entity.ended()
    assert group.running == 0
    assert entity.running == 0
    entity.close()


def test_what_is_left_when_an_exception_leaves_the_dispatcher_wakes_the_loop() -> None:
    """As after a Ctrl-C in ``on_error``: the loop may be run again."""
    dispatcher, clock = _core.Dispatcher(), Clock(clock_type=ClockType.STEADY_TIME)
    done: list[int] = []

    def is_over(_source_changed: bool) -> bool:
        done.append(len(done))
        raise ValueError("on purpose")

    alarms = [_core.Alarm(dispatcher, clock, 1, is_over) for _ in range(2)]
    dispatcher.wake()
    (timer_fd,), _, _ = select.select(dispatcher.timer_fds, [], [], 10)
    with pytest.raises(KeyboardInterrupt):
        dispatcher.drain(_Interrupted(), timer_fd)
    assert done == [0]
    assert select.select([dispatcher.wakeup_fd], [], [], 0)[0]
    for alarm in alarms:
        alarm.close()


class _Interrupted:
    def on_error(self, source: object, error: BaseException) -> None:
        raise KeyboardInterrupt


class _Open:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        pass
