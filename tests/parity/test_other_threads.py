# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What other threads do beside an executor: rates, guard conditions, waiting for a message; and
# chains of callbacks.

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.node import Node
from rclpy.wait_for_message import wait_for_message
from std_msgs.msg import Header, Int64
from std_srvs.srv import Empty
from test_msgs.action import Fibonacci

from tests.support.counters import wait_until_asleep
from tests.support.elsewhere import Elsewhere
from tests.support.executors import breaks, new_future
from tests.support.spinner import Spinner

if TYPE_CHECKING:
    from rclpy.executors import Executor


def test_a_rate_in_another_thread(executor: Executor, node: Node, spin: Spinner) -> None:
    """A thread sleeps at the rate of a timer that the executor serves."""
    done = new_future(executor)
    rate = node.create_rate(200.0)

    def work() -> None:
        for _ in range(5):
            rate.sleep()
        done.set_result(True)

    thread = threading.Thread(target=work)
    executor.create_task(thread.start)
    assert spin.complete(done)
    thread.join()
    node.destroy_rate(rate)


def test_a_rate_is_destroyed_while_a_thread_sleeps(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """Who sleeps at a rate that is destroyed is woken."""
    done = new_future(executor)
    rate = node.create_rate(0.001)

    def work() -> None:
        rate.sleep()
        done.set_result(True)

    thread = threading.Thread(target=work)

    def destroy() -> None:
        thread.start()
        assert thread.native_id is not None
        wait_until_asleep(thread.native_id)
        rate.destroy()

    executor.create_task(destroy)
    assert spin.complete(done)
    thread.join()
    node.destroy_rate(rate)


@breaks(events="does not support guard conditions")
def test_guard_conditions_are_triggered_by_other_threads(
    executor: Executor, node: Node, spin: Spinner
) -> None:
    """Each of several threads wakes the executor by a guard condition of its own."""
    called: list[int] = []
    guards = [node.create_guard_condition(partial(called.append, number)) for number in range(4)]
    spin.drain()
    threads = [threading.Thread(target=guard.trigger) for guard in guards]
    for number, thread in enumerate(threads):
        executor.create_task(thread.start)
        spin.until(lambda: called)
        thread.join()
        assert called == [number]
        called.clear()


def test_a_thread_waits_for_a_message(
    executor: Executor, node: Node, lone: Node, spin: Spinner
) -> None:
    """rclpy.wait_for_message waits in a thread, on a node that no executor serves.

    On a node that one serves the two would take each other's message.
    """
    done = new_future(executor)
    publisher = node.create_publisher(Int64, "topic", 10)
    node.create_timer(0.002, lambda: publisher.publish(Int64(data=3)))

    def work() -> None:
        done.set_result(wait_for_message(Int64, lone, "topic", time_to_wait=10))

    thread = threading.Thread(target=work)
    executor.create_task(thread.start)
    assert spin.complete(done) == (True, Int64(data=3))
    thread.join()


class Filter:
    """One stage of a chain, in the way of message_filters: hands on to whoever is registered."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[..., None]] = []

    def register(self, callback: Callable[..., None]) -> None:
        """Call this with what comes out."""
        self._callbacks.append(callback)

    def hand_on(self, *messages: Any) -> None:
        """Call all who are registered."""
        for callback in self._callbacks:
            callback(*messages)


class Source(Filter):
    """The first stage: a subscription."""

    def __init__(self, node: Node, topic: str) -> None:
        super().__init__()
        self.subscription = node.create_subscription(Header, topic, self.hand_on, 10)


class Pairs(Filter):
    """Puts messages of two sources together that have the same stamp."""

    def __init__(self, *sources: Source) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._waiting: list[dict[int, Header]] = [{} for _ in sources]
        for number, source in enumerate(sources):
            source.register(lambda message, number=number: self._add(number, message))

    def _add(self, number: int, message: Header) -> None:
        with self._lock:
            self._waiting[number][message.stamp.sec] = message
            found = [waiting.get(message.stamp.sec) for waiting in self._waiting]
            if all(found):
                self.hand_on(*found)


def test_callbacks_are_chained(node: Node, spin: Spinner) -> None:
    """Two subscriptions feed a synchroniser, whose callback publishes pairs on a third topic."""
    pairs = Pairs(Source(node, "left"), Source(node, "right"))
    together = node.create_publisher(Int64, "together", 10)
    received: list[int] = []
    node.create_subscription(Int64, "together", lambda message: received.append(message.data), 10)
    pairs.register(lambda left, right: together.publish(Int64(data=left.stamp.sec)))
    publishers = {topic: node.create_publisher(Header, topic, 10) for topic in ("left", "right")}
    for topic, second in (("left", 1), ("left", 2), ("right", 2), ("right", 3), ("left", 3)):
        message = Header()
        message.stamp.sec = second
        publishers[topic].publish(message)
    spin.until(lambda: len(received) == 2)
    assert received == [2, 3]


def service_call(node: Node) -> Callable[[], object]:
    """Return what calls a service that nobody has."""
    return partial(node.create_client(Empty, "nobody").call, Empty.Request())


def goal(node: Node) -> Callable[[], object]:
    """Return what sends a goal to an action that nobody has."""
    client: Any = ActionClient(node, Fibonacci, "nobody")
    return partial(client.send_goal, Fibonacci.Goal())


@breaks(events="spin() in a thread of its own may hang")
@pytest.mark.parametrize("make_call", [service_call, goal])
def test_a_call_is_interrupted(
    executor: Executor,
    node: Node,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    make_call: Callable[[Node], Callable[[], object]],
) -> None:
    """By Ctrl-C, while another thread spins; the end of the executor says nothing of it."""
    call, here, wait = make_call(node), threading.get_ident(), threading.Event.wait

    def interrupted(event: threading.Event, timeout: float | None = None) -> bool:
        if threading.get_ident() != here:
            return wait(event, timeout)
        raise KeyboardInterrupt

    with Elsewhere(executor), monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            call()
    node.destroy_node()
    del call  # with what it has waited for
    gc.collect()
    assert capsys.readouterr().err == ""
