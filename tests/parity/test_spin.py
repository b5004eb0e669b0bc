# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The spin calls: what ends each of them, and what they leave for the next one.

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64

from tests.support.executors import breaks, lacks, new_future
from tests.support.spinner import Spinner
from tests.support.turns import Turn

if TYPE_CHECKING:
    from rclpy.executors import Executor
#: How coarse the clock of a loop may be; uvloop counts milliseconds.
CLOCK_SEC = 0.001


@pytest.fixture
def calls(node: Node) -> list[int]:
    """What two subscriptions, with one message each ready for them, have received."""
    received: list[int] = []
    for number in range(2):
        topic = f"topic_{number}"
        node.create_subscription(Int64, topic, lambda message: received.append(message.data), 10)
        node.create_publisher(Int64, topic, 10).publish(Int64(data=number))
    return received


def test_spin_once_runs_one_callback(executor: Executor, calls: list[int], spin: Spinner) -> None:
    """Of two callbacks that are ready one spin_once runs one; the next runs the other."""
    while not calls:
        executor.spin_once(timeout_sec=spin.deadline_sec)
    assert len(calls) == 1
    spin.until(lambda: len(calls) == 2)
    assert sorted(calls) == [0, 1]


def test_spin_once_with_no_time_runs_what_is_ready(executor: Executor, calls: list[int]) -> None:
    """A timeout of 0 is enough for work that is ready, one callback for each call."""
    before = 0
    while len(calls) < 2:
        executor.spin_once(timeout_sec=0)
        assert len(calls) <= before + 1
        before = len(calls)


def test_spin_once_with_no_time_does_not_wait(executor: Executor, node: Node) -> None:
    """A timeout of 0 returns when nothing is ready."""
    for _ in range(10):
        executor.spin_once(timeout_sec=0)


@pytest.mark.parametrize("timeout_sec", [0.002, 0.0497, 0.2])
def test_spin_once_waits_for_its_timeout(
    executor: Executor, node: Node, spin: Spinner, timeout_sec: float
) -> None:
    """With nothing to do spin_once returns when its time is over, and not before."""
    spin.drain()
    start = time.monotonic()
    executor.spin_once(timeout_sec=timeout_sec)
    assert time.monotonic() - start >= timeout_sec - CLOCK_SEC


def test_spin_once_without_executor_nodes_waits(executor: Executor) -> None:
    """An executor that has no node waits as well."""
    start = time.monotonic()
    executor.spin_once(timeout_sec=0.05)
    assert time.monotonic() - start >= 0.05 - CLOCK_SEC


@breaks(events="may hang without a deadline")
@pytest.mark.parametrize("timeout_sec", [None, -1.0])
def test_spin_once_without_timeout_waits_for_work(
    executor: Executor, node: Node, spin: Spinner, timeout_sec: float | None
) -> None:
    """Without a timeout, or with a negative one, spin_once returns when it has run something."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    publisher = node.create_publisher(Int64, "topic", 10)
    spin.drain()
    thread = threading.Thread(target=publisher.publish, args=(Int64(data=1),))
    thread.start()
    executor.spin_once(timeout_sec=timeout_sec)
    assert received == [1]
    thread.join()


def test_spin_until_future_complete_with_a_done_future(executor: Executor, node: Node) -> None:
    """A future that is done already needs no time and no timeout."""
    future = new_future(executor)
    future.set_result(None)
    executor.spin_until_future_complete(future, timeout_sec=10)
    executor.spin_until_future_complete(future, timeout_sec=0)


def test_spin_until_future_complete_ends_with_the_callback(
    executor: Executor, calls: list[int], node: Node
) -> None:
    """The spin ends when a callback completes the future."""
    future = new_future(executor)
    node.create_subscription(Int64, "last", future.set_result, 10)
    node.create_publisher(Int64, "last", 10).publish(Int64(data=7))
    executor.spin_until_future_complete(future, timeout_sec=10)
    assert future.result().data == 7


def test_spin_until_future_complete_runs_everything_meanwhile(
    executor: Executor, calls: list[int], spin: Spinner
) -> None:
    """A future that is never completed leaves the time for all other callbacks."""
    executor.spin_until_future_complete(Future(), timeout_sec=0.2)
    assert sorted(calls) == [0, 1]


@pytest.mark.parametrize("timeout_sec", [0.002, 0.0497, 0.2])
def test_spin_until_future_complete_times_out(
    executor: Executor, node: Node, timeout_sec: float
) -> None:
    """A future that is not completed in time is left pending, and nothing is raised."""
    future = new_future(executor)
    start = time.monotonic()
    executor.spin_until_future_complete(future, timeout_sec=timeout_sec)
    assert time.monotonic() - start >= timeout_sec - CLOCK_SEC
    assert not future.done()


def test_spin_until_future_complete_without_time(executor: Executor, node: Node) -> None:
    """A timeout of 0 returns."""
    future = new_future(executor)
    executor.spin_until_future_complete(future, timeout_sec=0)
    assert not future.done()


def test_spin_until_future_complete_ends_with_a_cancelled_future(
    executor: Executor, node: Node
) -> None:
    """A future that was cancelled, or is cancelled by a callback, is waited for no longer."""
    future = new_future(executor)
    future.cancel()
    executor.spin_until_future_complete(future, timeout_sec=10)
    future = new_future(executor)
    executor.create_task(future.cancel)
    executor.spin_until_future_complete(future, timeout_sec=10)
    assert future.cancelled()


@breaks(events="may hang without a deadline")
@pytest.mark.parametrize("timeout_sec", [None, -1.0])
def test_spin_until_future_complete_without_timeout(
    executor: Executor, node: Node, timeout_sec: float | None
) -> None:
    """Without a timeout, or with a negative one, the spin ends with the future alone."""
    future = new_future(executor)
    thread = threading.Thread(target=future.set_result, args=(3,))
    executor.create_task(thread.start)
    executor.spin_until_future_complete(future, timeout_sec=timeout_sec)
    assert future.result() == 3
    thread.join()


def test_spin_once_until_future_complete_runs_one_callback(
    executor: Executor, calls: list[int], spin: Spinner
) -> None:
    """The call ends after one callback, though the future is not done."""
    future = new_future(executor)
    while not calls:
        executor.spin_once_until_future_complete(future, timeout_sec=spin.deadline_sec)
    assert len(calls) == 1
    assert not future.done()


def test_spin_once_until_future_complete_ends_with_the_future(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """A future that another thread completes ends the call; no callback is needed."""
    spin.drain()
    future = new_future(executor)
    thread = threading.Thread(target=future.set_result, args=(None,))
    thread.start()
    while not future.done():
        executor.spin_once_until_future_complete(future, timeout_sec=spin.deadline_sec)
    executor.spin_once_until_future_complete(future, timeout_sec=spin.deadline_sec)
    thread.join()


def test_spin_once_until_future_complete_times_out(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """The call takes its time when there is nothing to run, and no more."""
    spin.drain()
    future = new_future(executor)
    start = time.monotonic()
    executor.spin_once_until_future_complete(future, timeout_sec=0.05)
    assert time.monotonic() - start >= 0.05 - CLOCK_SEC
    assert not future.done()


@breaks(events="spin() without a deadline may hang")
def test_spin_ends_when_a_callback_shuts_the_executor_down(
    executor: Executor, calls: list[int], node: Node
) -> None:
    """spin() runs until shutdown, and nothing after it."""
    received: list[int] = []

    def last(message: Int64) -> None:
        received.append(message.data)
        executor.shutdown(timeout_sec=0)

    node.create_subscription(Int64, "last", last, 10)
    publisher = node.create_publisher(Int64, "last", 10)
    for number in range(3):
        publisher.publish(Int64(data=number))
    executor.spin()
    assert received == [0]


def test_what_one_spin_leaves_the_next_one_runs(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """A spin that ends early loses nothing: the calls may be mixed at will."""
    received: list[int] = []
    node.create_subscription(Int64, "topic", lambda message: received.append(message.data), 100)
    publisher = node.create_publisher(Int64, "topic", 100)
    for number in range(60):
        publisher.publish(Int64(data=number))
    future = new_future(executor)
    while len(received) < 60:
        executor.spin_once(timeout_sec=spin.deadline_sec)
        executor.spin_once_until_future_complete(future, timeout_sec=0)
        executor.spin_until_future_complete(future, timeout_sec=0.001)
    assert received == list(range(60))


def test_wake_is_harmless(executor: Executor, calls: list[int], spin: Spinner) -> None:
    """wake() may come at any time and any number of times, and runs no callback itself."""
    for _ in range(100):
        executor.wake()
    assert calls == []
    spin.until(lambda: len(calls) == 2)


@pytest.mark.parametrize("timeout_sec", [0.0001, 0.0005, 0.0015])
def test_a_short_timeout_is_kept_to(
    executor: Executor, node: Node, spin: Spinner, timeout_sec: float
) -> None:
    """No millisecond is added to a timeout: the shortest of many idle calls is hardly longer."""
    spin.drain()
    took: list[float] = []
    for _ in range(50):
        start = time.monotonic()
        executor.spin_once(timeout_sec=timeout_sec)
        took.append(time.monotonic() - start)
    assert min(took) - timeout_sec < 0.0005


@lacks(single="they pile up")
def test_repeated_waits_leave_nothing_on_the_future(executor: Executor, node: Node) -> None:
    """Waiting for one future again and again adds no callback to it that stays."""
    future = new_future(executor)
    for _ in range(10):
        executor.spin_until_future_complete(future, timeout_sec=0)
        executor.spin_once_until_future_complete(future, timeout_sec=0)
    assert len(future._callbacks) == 0


@breaks(single="refuses none before 9.1.5 and 7.1.9", events="refuses none")
@pytest.mark.parametrize("method", ["spin_until_future_complete", "spin_once", "spin"])
def test_a_refused_spin_leaves_the_one_under_way_alone(
    executor: Any, node: Node, spin: Spinner, method: str
) -> None:
    """While one thread spins another is refused, and the first still ends with its future."""
    awaited, begun = new_future(executor), threading.Event()
    executor.create_task(begun.set)
    thread = threading.Thread(target=spin.complete, args=(awaited,))
    thread.start()
    assert begun.wait(spin.deadline_sec)
    assert executor.is_spinning
    arguments = (new_future(executor), 0.1) if "future" in method else ()
    with pytest.raises(RuntimeError, match="already"):
        getattr(executor, method)(*arguments)
    start = time.monotonic()
    awaited.set_result(None)
    thread.join()
    assert time.monotonic() - start < spin.deadline_sec / 2
    assert not executor.is_spinning


@breaks(events_jazzy="runs no coroutines")
@pytest.mark.parametrize("timeout_sec", [0, 1])
def test_the_first_step_of_a_coroutine_callback_belongs_to_the_call(
    executor: Executor, node: Node, timeout_sec: float
) -> None:
    """The spin_once that takes a message runs a coroutine callback up to where it yields."""
    begun: list[int] = []
    ended: list[int] = []

    async def callback(message: Int64) -> None:
        begun.append(message.data)
        await Turn()
        ended.append(message.data)

    node.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
    node.create_publisher(Int64, "topic", 10).publish(Int64(data=5))
    while not begun:
        assert ended == []
        executor.spin_once(timeout_sec=timeout_sec)
    assert ended == []
    while not ended:
        executor.spin_once(timeout_sec=timeout_sec)
    assert begun == ended == [5]


def test_ready_entities_leave_coroutines_their_steps(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """With spin_once, too, neither messages nor a coroutine that is always ready starves."""
    received: list[int] = []
    steps: list[int] = []
    publisher = node.create_publisher(Int64, "topic", 10)

    def callback(message: Int64) -> None:
        received.append(message.data)
        publisher.publish(message)

    async def busy() -> None:
        for number in range(10):
            steps.append(number)
            await Turn()

    node.create_subscription(Int64, "topic", callback, 10)
    publisher.publish(Int64())
    publisher.publish(Int64())
    spin.until(lambda: received)
    executor.create_task(busy)
    spin.until(lambda: len(steps) == 10)
    already = len(received)
    spin.until(lambda: len(received) > already)
