# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Futures of the executor: who completes them, and who hears of it.

from __future__ import annotations

import functools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.task import Future

from tests.support.executors import Flavour, lacks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor


def test_a_new_future_is_pending(executor: Executor) -> None:
    """create_future makes one of rclpy's futures, which nobody has completed."""
    future = new_future(executor)
    assert isinstance(future, Future)
    assert not future.done()
    assert not future.cancelled()
    assert future.result() is None
    assert future.exception() is None


def test_a_result_is_kept(executor: Executor) -> None:
    """A result may be read as often as wanted."""
    future = new_future(executor)
    future.set_result("result")
    assert future.done()
    assert [future.result() for _ in range(2)] == ["result"] * 2


def test_an_exception_is_kept(executor: Executor) -> None:
    """result() raises the exception that was set, exception() returns it."""
    future = new_future(executor)
    error = ValueError("wrong")
    future.set_exception(error)
    assert future.done()
    assert future.exception() is error
    with pytest.raises(ValueError, match="wrong") as caught:
        future.result()
    assert caught.value is error


def test_done_callbacks_are_called_in_order(executor: Executor, spin: Spinner) -> None:
    """Every done callback is called once, with the future."""
    future = new_future(executor)
    called: list[tuple[int, Future[None]]] = []

    def note(number: int, done: Future[None]) -> None:
        called.append((number, done))

    for number in range(3):
        future.add_done_callback(functools.partial(note, number))
    future.set_result(None)
    spin.until(lambda: len(called) == 3)
    spin.drain()
    assert sorted(number for number, _ in called) == [0, 1, 2]
    assert all(done is future for _, done in called)


def test_a_done_callback_runs_on_the_thread_that_spins(executor: Executor, spin: Spinner) -> None:
    """A future that another thread completes has its callbacks called by the executor."""
    future = new_future(executor)
    called: list[int] = []
    future.add_done_callback(lambda _: called.append(threading.get_ident()))
    thread = threading.Thread(target=future.set_result, args=(None,))
    executor.create_task(thread.start)
    spin.until(lambda: called)
    thread.join()
    assert called == [threading.get_ident()]


def test_a_late_done_callback_is_called(executor: Executor, spin: Spinner) -> None:
    """A callback that is added to a done future is called as well."""
    future = new_future(executor)
    future.set_result(1)
    called: list[Future[int]] = []
    future.add_done_callback(called.append)
    spin.until(lambda: called)
    assert called == [future]


def test_a_removed_done_callback_is_not_called(executor: Executor, spin: Spinner) -> None:
    """remove_done_callback says whether there was something to remove."""
    future = new_future(executor)
    called: list[str] = []

    def removed(_: Future[None]) -> None:
        called.append("removed")

    future.add_done_callback(removed)
    future.add_done_callback(lambda _: called.append("kept"))
    assert future.remove_done_callback(removed) is True
    assert future.remove_done_callback(removed) is False
    future.set_result(None)
    spin.until(lambda: called)
    spin.drain()
    assert called == ["kept"]


def test_cancelling_calls_the_done_callbacks(
    executor: Executor, spin: Spinner, flavour: Flavour
) -> None:
    """Who waits for a future hears of its cancellation.

    design: a cancelled future is done, as in asyncio. In rclpy it is not.
    """
    future = new_future(executor)
    called: list[Future[None]] = []
    future.add_done_callback(called.append)
    future.cancel()
    assert future.cancelled()
    assert future.done() is flavour.ours
    spin.until(lambda: called)
    assert called == [future]


def test_a_late_result_of_a_cancelled_future(executor: Executor, flavour: Flavour) -> None:
    """design: a result that comes after the cancellation is ignored; in rclpy it wins."""
    future = new_future(executor)
    future.cancel()
    future.set_result(3)
    if flavour.ours:
        assert future.cancelled()
    else:
        assert future.result() == 3
        assert not future.cancelled()


def test_a_future_completed_by_another_thread_ends_the_spin(
    executor: Executor, spin: Spinner
) -> None:
    """spin_until_future_complete returns, with nothing else to wake the executor."""
    future = new_future(executor)
    thread = threading.Thread(target=future.set_result, args=(4,))
    executor.create_task(thread.start)
    assert spin.complete(future) == 4
    thread.join()


def test_a_future_without_executor_ends_the_spin(executor: Executor, spin: Spinner) -> None:
    """A future that belongs to no executor may be waited for too."""
    future: Future[int] = Future()
    thread = threading.Thread(target=future.set_result, args=(4,))
    executor.create_task(thread.start)
    assert spin.complete(future) == 4
    thread.join()


def test_futures_are_completed_by_many_threads(executor: Executor, spin: Spinner) -> None:
    """No completion is lost when threads complete futures while the executor spins."""
    futures = [[new_future(executor) for _ in range(100)] for _ in range(4)]

    def work(mine: list[Future[int]]) -> None:
        for number, future in enumerate(mine):
            future.set_result(number)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in futures]
    for thread in threads:
        executor.create_task(thread.start)
    for mine in futures:
        assert [spin.complete(future) for future in mine] == list(range(100))
    for thread in threads:
        thread.join()


@lacks(events="takes its own callback away, which such a future does not offer")
def test_a_spin_waits_for_a_future_of_a_pool(executor: Executor, spin: Spinner) -> None:
    """Whatever says when it is done will do."""
    with ThreadPoolExecutor(1) as pool:
        begin = threading.Event()
        future: Any = pool.submit(begin.wait)
        executor.create_task(begin.set)
        executor.spin_until_future_complete(future, timeout_sec=spin.deadline_sec)
        assert future.done()
        executor.spin_until_future_complete(future, timeout_sec=spin.deadline_sec)


@lacks(events="compares callbacks")
def test_a_spin_leaves_callbacks_that_cannot_be_compared(executor: Executor) -> None:
    """It takes nothing but its own callback from the future."""

    class Incomparable:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("incomparable")

        def __call__(self, future: object) -> None:
            called.append(True)

    called: list[bool] = []
    future = new_future(executor)
    future.add_done_callback(Incomparable())
    executor.spin_until_future_complete(future, timeout_sec=0.001)
    future.set_result(None)
    while not called:
        executor.spin_once(timeout_sec=0.1)
