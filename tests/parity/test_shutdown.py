# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Shutdown of the executor and of the context: before, in and after a spin, from everywhere.

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import rclpy
from rclpy.exceptions import InvalidHandle
from rclpy.executors import ExternalShutdownException
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64

from tests.support.elsewhere import shut_down_elsewhere
from tests.support.executors import Flavour, breaks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.context import Context
    from rclpy.executors import Executor

    from tests.support.makers import MakeContext, MakeNode

    Call = Callable[[Executor], object]

pytestmark = pytest.mark.filterwarnings("ignore:Deprecated in favor of")


def spin(executor: Executor) -> None:
    """Call spin."""
    executor.spin()


def spin_once(executor: Executor) -> None:
    """Call spin_once."""
    executor.spin_once(timeout_sec=10)


def spin_until_future_complete(executor: Executor) -> None:
    """Wait for a future that nobody completes."""
    executor.spin_until_future_complete(Future(), timeout_sec=10)


CALLS = [
    pytest.param(spin, marks=breaks(events="spin() without a deadline may hang"), id="spin"),
    pytest.param(spin_once, id="spin_once"),
    pytest.param(spin_until_future_complete, id="spin_until_future_complete"),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_spin_after_shutdown_returns(executor: Executor, node: Node, call: Call) -> None:
    """An executor that was shut down runs nothing, and does not wait."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    node.create_publisher(Int64, "topic", 10).publish(Int64(data=1))
    assert executor.shutdown(timeout_sec=10) is True
    call(executor)
    assert received == []


def test_shutdown_may_be_repeated(executor: Executor, node: Node) -> None:
    """A second shutdown changes nothing, and says that nothing remains."""
    assert executor.shutdown() is True
    assert executor.shutdown(timeout_sec=0) is True
    assert executor.get_nodes() == []


def test_the_with_statement_shuts_down(executor: Executor, node: Node) -> None:
    """Leaving the block is a shutdown."""
    with executor as entered:
        assert entered is executor
    assert executor.get_nodes() == []


@breaks(events="does not ask it")
def test_the_with_statement_asks_a_shutdown_of_the_users(
    executor: Executor, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have to stop motors first."""
    called: list[str] = []
    shutdown = executor.shutdown

    def stop_first() -> bool:
        called.append("stopped")
        return shutdown()

    monkeypatch.setattr(executor, "shutdown", stop_first)
    with executor:
        pass
    assert called == ["stopped"]
    assert executor.get_nodes() == []


@breaks(events="waits for itself to end")
@pytest.mark.parametrize("call", CALLS)
def test_a_callback_shuts_the_executor_down(
    executor: Executor, node: Node, flavour: Flavour, call: Call
) -> None:
    """The spin that runs the callback returns, and raises nothing.

    design: on its own thread shutdown cannot wait; it returns whether work remains.
    """
    returned: list[bool] = []
    node.create_timer(0.001, lambda: returned.append(executor.shutdown()))
    call(executor)
    assert returned == [True]


@breaks(single="returns True at once", events="waits for itself to end")
def test_shutdown_inside_a_coroutine_says_that_work_remains(executor: Executor, node: Node) -> None:
    """design: shutdown on the loop's own thread returns False while a coroutine is under way."""
    returned: list[bool] = []
    ended: list[str] = []

    async def wait() -> None:
        try:
            await new_future(executor)
        finally:
            ended.append("wait")

    async def end() -> None:
        returned.append(executor.shutdown())

    executor.create_task(wait)
    executor.create_task(end)
    executor.spin()
    assert returned == [False]
    assert ended == ["wait"]


@pytest.mark.parametrize("call", CALLS)
def test_another_thread_shuts_the_executor_down(executor: Executor, node: Node, call: Call) -> None:
    """The spin returns, and the other thread learns that nothing remains."""
    returned: list[bool] = []
    thread = threading.Thread(target=lambda: returned.append(executor.shutdown(timeout_sec=10)))
    thread.start()
    call(executor)
    thread.join()
    assert returned == [True]


@breaks(
    single="forgets a coroutine that is under way",
    events="forgets a coroutine that is under way",
)
def test_shutdown_ends_what_is_under_way(executor: Executor, node: Node, spin: Spinner) -> None:
    """design: shutdown cancels coroutines and waits for their cleanup."""
    steps: list[str] = []

    async def wait() -> None:
        try:
            await new_future(executor)
        except asyncio.CancelledError:
            steps.append("cancelled")
            await asyncio.sleep(0)
            steps.append("cleaned up")
            raise

    task = executor.create_task(wait)
    spin.drain()
    assert executor.shutdown() is True
    assert steps == ["cancelled", "cleaned up"]
    assert task.cancelled()


@pytest.mark.parametrize("call", CALLS)
def test_a_spin_after_the_context_went_down(
    context: Context, executor: Executor, flavour: Flavour, call: Call
) -> None:
    """A spin without a context does not wait.

    design: every spin but spin(), which has ended before it began, says why it did nothing.
    SingleThreadedExecutor lets rcl fail where it tries to wait.
    """
    context.shutdown()
    if call is spin_once:
        kind = ExternalShutdownException if flavour.family != "single" else _rclpy.RCLError
        with pytest.raises(kind):
            call(executor)
    elif flavour.family == "events":
        with pytest.raises(ExternalShutdownException):
            call(executor)
    else:
        call(executor)


def test_a_node_is_added_after_the_context_went_down(
    context: Context, executor: Executor, make_node: MakeNode
) -> None:
    """As rclpy.spin() does at its begin: it is the spin that says so, not add_node()."""
    late = make_node()
    rclpy.shutdown(context=context)
    executor.add_node(late)
    with contextlib.suppress(ExternalShutdownException):
        executor.spin()


@pytest.mark.parametrize("call", CALLS)
def test_another_thread_shuts_the_context_down(
    context: Context, executor: Executor, node: Node, call: Call
) -> None:
    """A spin that waits raises ExternalShutdownException when its context goes down."""
    executor.spin_once(timeout_sec=0)
    with shut_down_elsewhere(context), pytest.raises(ExternalShutdownException):
        call(executor)


@breaks(events="waits for the callback, which waits for the lock")
@pytest.mark.parametrize("whose", ["its own", "another"])
def test_the_context_takes_the_executor_down(
    make_context: MakeContext,
    make_node: MakeNode,
    context: Context,
    executor: Executor,
    node: Node,
    flavour: Flavour,
    whose: str,
) -> None:
    """A callback that is under way may use the context, whose lock the shutdown holds, meanwhile.

    design: shutdown() inside the shutdown of a context does not wait for another thread.
    """
    if whose == "another":
        context = make_context()
    used = make_node(context=context)
    begins, inside = threading.Event(), threading.Event()
    answers: list[bool] = []
    returned: list[bool] = []

    def end_executor() -> None:
        inside.set()
        returned.append(executor.shutdown())

    def end_context() -> None:
        begins.wait()
        context.shutdown()

    def ask() -> None:
        begins.set()
        inside.wait()
        used.destroy_node()
        answers.append(context.ok())

    context.on_shutdown(end_executor)
    thread = threading.Thread(target=end_context)
    thread.start()
    executor.create_task(ask)
    executor.spin()
    thread.join()
    assert answers == [False]
    assert returned == [not flavour.ours]


@pytest.mark.parametrize("call", CALLS)
def test_a_callback_shuts_the_context_down(
    context: Context, executor: Executor, node: Node, flavour: Flavour, call: Call
) -> None:
    """The spin ends with the callback, and raises nothing: the end came from inside.

    EventsExecutor raises ExternalShutdownException all the same.
    """
    ran: list[str] = []

    def end() -> None:
        ran.append("end")
        context.shutdown()

    executor.create_task(end)
    if flavour.family == "events":
        with pytest.raises(ExternalShutdownException):
            call(executor)
    else:
        call(executor)
    assert ran == ["end"]


def test_an_executor_ends_after_its_context(
    context: Context, executor: Executor, node: Node, spin: Spinner
) -> None:
    """Shutting the executor down, and removing nodes, needs no context any more."""
    node.create_subscription(Int64, "topic", lambda _: None, 10)
    node.create_timer(0.01, lambda: None)
    spin.drain()
    context.shutdown()
    executor.wake()
    executor.remove_node(node)
    executor.wake()
    assert executor.shutdown(timeout_sec=10) is True


def test_entities_are_destroyed_after_the_context(
    context: Context, executor: Executor, node: Node, spin: Spinner
) -> None:
    """What rclpy lets a node do after its context went down, the executor lets it do."""
    subscription = node.create_subscription(Int64, "topic", lambda _: None, 10)
    timer = node.create_timer(0.01, lambda: None)
    spin.drain()
    context.shutdown()
    try:
        node.destroy_subscription(subscription)
        node.destroy_timer(timer)
        node.destroy_node()
    except (InvalidHandle, IndexError):
        pass  # the context took the node along, since Kilted
    assert executor.shutdown(timeout_sec=10) is True


def test_the_context_outlives_the_executor(
    context: Context, executor: Executor, node: Node, make_node: MakeNode
) -> None:
    """After the executor's shutdown the nodes and the context work as before."""
    executor.shutdown()
    assert context.ok()
    other = make_node()
    publisher = other.create_publisher(Int64, "topic", 10)
    node.create_subscription(Int64, "topic", lambda _: None, 10)
    assert publisher.get_subscription_count() == 1
