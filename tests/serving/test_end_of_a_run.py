# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What other threads want of a run in its last callback: it is done, though no run may follow.

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, Future
from aiorcl._loop.mailbox import Mailbox
from aiorcl._serving.registry import served
from tests.support.elsewhere import DEADLINE_SEC, Arrivals, Elsewhere, call_elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

#: Runs an executor with the node of what it shall call, and ends with that call.
End = Callable[[AsyncioExecutor, Node, Callable[[], object]], None]


def with_its_piece(executor: AsyncioExecutor, node: Node, last: Callable[[], object]) -> None:
    """A spin_once ends."""
    executor.create_task(last)
    executor.spin_once(timeout_sec=DEADLINE_SEC)


def with_its_future(executor: AsyncioExecutor, node: Node, last: Callable[[], object]) -> None:
    """A spin_until_future_complete ends."""
    future = executor.create_future()

    def complete() -> None:
        last()
        future.set_result(None)

    executor.create_task(complete)
    executor.spin_until_future_complete(future, timeout_sec=DEADLINE_SEC)


def with_an_exception(executor: AsyncioExecutor, node: Node, last: Callable[[], object]) -> None:
    """A spin is ended by what the callback raises."""

    def fail() -> None:
        timer.cancel()
        last()
        raise ValueError("The last one")

    timer = node.create_timer(0.0, fail)
    with pytest.raises(ValueError, match="The last one"):
        executor.spin()


ends = pytest.mark.parametrize("end", [with_its_piece, with_its_future, with_an_exception])


@pytest.fixture
def old(context: Context) -> Iterator[AsyncioExecutor]:
    """An executor that the test runs."""
    with AsyncioExecutor(context=context) as executor:
        yield executor


@pytest.fixture
def new(context: Context) -> Iterator[Elsewhere]:
    """An executor that runs in a thread."""
    with Elsewhere(AsyncioExecutor(context=context)) as elsewhere:
        yield elsewhere


class Scene:
    """A node with a subscription, on an executor with another node."""

    def __init__(self, executor: AsyncioExecutor, node: Node, other: Node) -> None:
        self.arrivals = Arrivals()
        self.publisher = other.create_publisher(Int64, "topic", 10)
        self.subscription = node.create_subscription(
            *(Int64, "topic", lambda message: self.arrivals.add(message.data), 10)
        )
        executor.add_node(node)
        executor.add_node(other)


@ends
def test_a_node_moves(
    end: End, old: AsyncioExecutor, new: Elsewhere, lone: Node, make_node: MakeNode
) -> None:
    """The executor that has ended its run has let go of it, and the new one serves it."""
    other = make_node()
    scene = Scene(old, lone, other)

    def last() -> None:
        call_elsewhere(lambda: new.executor.add_node(lone))
        new.do(lambda: None)  # it has looked at its nodes

    end(old, other, last)
    scene.publisher.publish(Int64(data=1))
    scene.arrivals.wait(lambda what: what == [1])


@ends
def test_an_entity_is_destroyed(
    end: End, old: AsyncioExecutor, lone: Node, make_node: MakeNode
) -> None:
    """It is let go, whoever destroys it."""
    other = make_node()
    scene = Scene(old, lone, other)
    end(old, other, lambda: call_elsewhere(scene.subscription.destroy))
    assert served(scene.subscription) is None


class Late:
    """Another thread, which finds that a run goes on, and posts a job when that has ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
        post_job = Mailbox.post_job
        self._finds_it, self._has_ended = threading.Event(), threading.Event()

        def post_late(mailbox: Mailbox, *args: Any, **options: Any) -> None:
            if threading.current_thread() is self._thread:
                self._finds_it.set()
                assert self._has_ended.wait(DEADLINE_SEC)
            post_job(mailbox, *args, **options)

        monkeypatch.setattr(Mailbox, "post_job", post_late)
        self._thread = threading.Thread(target=work)

    def begin(self) -> None:
        """The last callback of the run."""
        self._thread.start()
        assert self._finds_it.wait(DEADLINE_SEC)

    def end(self) -> None:
        """The run has ended."""
        self._has_ended.set()
        self._thread.join()


def test_the_run_ends_before_it_can_see_that(
    old: AsyncioExecutor, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other thread does it itself."""
    timer = lone.create_timer(1000.0, lambda: None)
    old.add_node(lone)
    late = Late(monkeypatch, timer.destroy)
    with_its_piece(old, lone, late.begin)
    late.end()
    assert served(timer) is None


def test_a_coroutine_is_cancelled_by_then(
    old: AsyncioExecutor, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the loop next, if not the executor, gives it its CancelledError."""
    tasks: list[asyncio.Task[Any]] = []

    async def wait() -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        await asyncio.Event().wait()

    task = old.create_task(wait)
    while not tasks:
        old.spin_once(timeout_sec=DEADLINE_SEC)
    late = Late(monkeypatch, task.cancel)
    with_its_piece(old, lone, late.begin)
    late.end()
    with pytest.raises(asyncio.CancelledError):
        old.loop.run_until_complete(asyncio.wait_for(tasks[0], DEADLINE_SEC))


def test_a_future_that_comes_too_late_is_not_kept(
    old: AsyncioExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spin that has waited for it has ended otherwise."""

    def spin() -> weakref.ref[Future[None]]:
        future = old.create_future()
        late = Late(monkeypatch, lambda: future.set_result(None))

        def fail() -> None:
            late.begin()
            raise ValueError("The last one")

        old.create_task(fail)
        with pytest.raises(ValueError, match="The last one"):
            old.spin_until_future_complete(future, timeout_sec=DEADLINE_SEC)
        late.end()
        return weakref.ref(future)

    known = spin()
    gc.collect()
    assert known() is None


def test_a_job_may_schedule_something(context: Context) -> None:
    """It finds the loop as in any turn, and the next run calls what was scheduled."""
    came: list[str] = []

    def job() -> None:
        assert asyncio.get_running_loop() is executor.loop
        asyncio.get_running_loop().call_soon(came.append, "scheduled")
        came.append("done")

    with AsyncioExecutor(context=context) as executor:
        executor.create_task(call_elsewhere, partial(executor._mailbox.post_job, job))
        executor.spin_once(timeout_sec=DEADLINE_SEC)
        assert came == ["done"]
        executor.spin_once(timeout_sec=0.01)
        assert came == ["done", "scheduled"]
