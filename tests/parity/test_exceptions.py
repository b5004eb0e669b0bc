# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Exceptions: whatever a callback raises comes bare out of the spin call that ran it.

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64

from tests.support.executors import DISTRO, Flavour, breaks
from tests.support.raising import (
    ARRANGEMENTS,
    CALLBACKS,
    WrongError,
    before_await,
    in_service,
    in_subscription,
    name,
    nothing,
    plainly,
)
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor

    from tests.support.makers import MakeNode
    from tests.support.raising import Arrange, Make

# EventsExecutor logs what it raises by a method of rclpy that is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in favor of")


def spin_once(spin: Spinner) -> None:
    """Call spin_once until it raises."""
    spin.until(lambda: False)


def spin_until_future_complete(spin: Spinner) -> None:
    """Wait for a future that nobody completes."""
    for _ in range(3):  # EventsExecutor returns early after it has raised
        spin.executor.spin_until_future_complete(Future(), timeout_sec=spin.deadline_sec)


def spin_once_until_future_complete(spin: Spinner) -> None:
    """Take single steps towards a future that nobody completes."""
    for _ in range(10):
        spin.executor.spin_once_until_future_complete(Future(), timeout_sec=spin.deadline_sec)


def spin_for_ever(spin: Spinner) -> None:
    """Call spin."""
    spin.executor.spin()


CALLS = [
    spin_once,
    spin_until_future_complete,
    spin_once_until_future_complete,
    pytest.param(spin_for_ever, marks=breaks(events="spin() without a deadline may hang")),
]


@pytest.fixture
def company(make_node: MakeNode, executor: Executor, flavour: Flavour) -> Node:
    """A second node, which EventsExecutor needs.

    It crashes when a task raises while it holds exactly one node, and looks at a waiting task
    again only when an entity was ready.
    """
    other = make_node()
    executor.add_node(other)
    if flavour.family == "events":
        other.create_timer(0.005, nothing)
    return other


@pytest.mark.parametrize("call", CALLS, ids=name)
@pytest.mark.parametrize("make", CALLBACKS, ids=name)
@pytest.mark.parametrize("arrange", ARRANGEMENTS, ids=name)
def test_an_exception_comes_out_of_the_spin(
    executor: Executor,
    node: Node,
    company: Node,
    spin: Spinner,
    flavour: Flavour,
    arrange: Arrange,
    make: Make,
    call: Callable[[Spinner], None],
) -> None:
    """The very exception is raised, not a group and not a copy, and spinning goes on after it."""
    if flavour.family == "events" and make is not plainly:
        if arrange is in_service:
            pytest.skip("drops the coroutine of a handler on Jazzy, raises twice on Kilted")
        if arrange is in_subscription and DISTRO == "jazzy":
            pytest.skip("drops the coroutine without awaiting it")
    error = WrongError("on purpose")
    kept = arrange(executor, node, make, error)
    with pytest.raises(WrongError) as caught:
        call(spin)
    assert caught.value is error

    received: list[int] = []
    node.create_subscription(Int64, "after", lambda message: received.append(message.data), 10)
    node.create_publisher(Int64, "after", 10).publish(Int64(data=1))
    spin.until(lambda: received)
    del kept


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program_comes_out_of_the_spin(
    executor: Executor, node: Node, spin: Spinner, kind: type[BaseException]
) -> None:
    """KeyboardInterrupt and SystemExit of a callback are no errors to be kept somewhere."""
    in_subscription(executor, node, plainly, kind("on purpose"))
    with pytest.raises(kind, match="on purpose"):
        spin.until(lambda: False)


def test_what_was_ready_beside_an_exception_still_runs(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """The exception of one callback costs no other callback its message."""
    received: list[int] = []

    def callback(message: Int64) -> None:
        received.append(message.data)
        if message.data % 2:
            raise WrongError

    for number in range(6):
        topic = f"topic_{number}"
        node.create_subscription(Int64, topic, callback, 10)
        node.create_publisher(Int64, topic, 10).publish(Int64(data=number))
    raised = 0
    while len(received) < 6:
        try:
            executor.spin_once(timeout_sec=spin.deadline_sec)
        except WrongError:
            raised += 1
    assert sorted(received) == [0, 1, 2, 3, 4, 5]
    assert raised == 3


def test_messages_behind_an_exception_still_arrive(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """A callback that raises gets its next message all the same."""
    received: list[int] = []

    def callback(message: Int64) -> None:
        received.append(message.data)
        raise WrongError

    node.create_subscription(Int64, "topic", callback, 10)
    publisher = node.create_publisher(Int64, "topic", 10)
    spin.drain()
    for number in range(5):
        publisher.publish(Int64(data=number))
    raised = 0
    while len(received) < 5:
        try:
            executor.spin_once(timeout_sec=spin.deadline_sec)
        except WrongError:
            raised += 1
    assert received == [0, 1, 2, 3, 4]
    assert raised == 5


def test_the_exception_of_a_task_is_kept_in_the_task(
    executor: Executor, node: Node, company: Node, spin: Spinner
) -> None:
    """A task that raised is done, and gives its exception to who asks."""
    error = WrongError("on purpose")
    task = executor.create_task(plainly(error))
    with pytest.raises(WrongError):
        spin.complete(task)
    assert task.done()
    assert task.exception() is error


def test_an_awaited_exception_is_handled_where_it_is_awaited(
    executor: Executor, node: Node, company: Node, spin: Spinner, flavour: Flavour
) -> None:
    """design: who awaits a task handles its exception; rclpy raises it out of the spin as well."""
    error = WrongError("on purpose")
    handled: list[BaseException] = []

    async def outer() -> None:
        try:
            await executor.create_task(before_await(error))
        except WrongError as caught:
            handled.append(caught)

    task = executor.create_task(outer)
    with contextlib.nullcontext() if flavour.ours else pytest.raises(WrongError):
        spin.complete(task)
    while not task.done():
        executor.spin_once(timeout_sec=0)
    assert handled == [error]


def test_an_awaited_exception_that_nobody_handles_comes_out_of_the_spin(
    executor: Executor, node: Node, company: Node, spin: Spinner
) -> None:
    """It goes on to whoever awaits that, and at last to the spin call."""
    error = WrongError("on purpose")
    raised: list[BaseException] = []

    async def outer() -> None:
        await executor.create_task(before_await(error))

    task = executor.create_task(outer)
    while not task.done():
        try:
            executor.spin_once(timeout_sec=0)
        except WrongError as caught:
            raised.append(caught)
    assert set(raised) == {error}
    assert task.exception() is error


def test_the_exception_of_a_task_comes_out_of_the_spin_once_that_runs_it(
    executor: Executor, node: Node, company: Node, spin: Spinner
) -> None:
    """Nobody awaits the task, so it does not come later, nor a second time."""
    executor.create_task(plainly(WrongError()))
    with pytest.raises(WrongError):
        executor.spin_once(timeout_sec=spin.deadline_sec)
    spin.drain()
