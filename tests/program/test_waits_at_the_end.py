# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Calls of rclpy that block in callbacks of MultiThreadedExecutor, when that or ROS ends.

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import rclpy.executors
from rclpy.action.client import ActionClient
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.exceptions import InvalidHandle, ROSInterruptException
from rclpy.node import Node
from rclpy.parameter_client import AsyncParameterClient
from rclpy.task import Future
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor
from aiorcl._program import stand_ins
from aiorcl._rclpy.compiled import RCLError
from aiorcl._tasks.blocked_calls import UnansweredError
from tests.support.counters import wait_until_asleep

DEADLINE_SEC = 20.0

# Waits that end by themselves: long enough that the shutdown comes before.
SHORT_SEC = 0.5
LONG_SEC = 3600.0

#: Given the node, its executor and a timeout, returns the call that blocks.
Wait = Callable[[Node, Any, float | None], Callable[[], object]]

EXECUTORS = pytest.mark.parametrize(
    "cls",
    [rclpy.executors.MultiThreadedExecutor, stand_ins.MultiThreadedExecutor],
    ids=["rclpy", "stand-in"],
)
BEGINS = pytest.mark.parametrize("begins", ["before", "after"])

# Whether the call that blocks begins before the shutdown, or in a callback that runs on after it.
EXECUTORS_AND_BEGINS = pytest.mark.parametrize(
    ("cls", "begins"),
    [
        (rclpy.executors.MultiThreadedExecutor, "before"),
        (stand_ins.MultiThreadedExecutor, "before"),
        (stand_ins.MultiThreadedExecutor, "after"),
    ],
    ids=["rclpy-before", "stand-in-before", "stand-in-after"],
)


def sleep_by_a_clock(node: Node, _: Any, timeout: float | None) -> Callable[[], object]:
    """On steady time."""
    assert timeout is not None
    return lambda: Clock().sleep_for(Duration(seconds=timeout), node.context)


def wait_for_a_service(node: Node, _: Any, timeout: float | None) -> Callable[[], object]:
    """Nobody offers it."""
    client = node.create_client(Trigger, "nobody")
    return lambda: client.wait_for_service(timeout)


def wait_for_an_action(node: Node, _: Any, timeout: float | None) -> Callable[[], object]:
    """Nobody offers it."""
    client = ActionClient(node, Fibonacci, "nobody")
    return lambda: client.wait_for_server(timeout)


def wait_for_parameters(node: Node, _: Any, timeout: float | None) -> Callable[[], object]:
    """Of a node that does not exist."""
    client = AsyncParameterClient(node, "nobody")
    return lambda: client.wait_for_services(timeout)


def call_a_service(node: Node, _: Any, timeout: float | None) -> Callable[[], object]:
    """Nobody offers it."""
    client: Any = node.create_client(Trigger, "nobody")
    return lambda: client.call(Trigger.Request(), timeout)


def spin(_: Node, executor: Any, timeout: float | None) -> Callable[[], object]:
    """Inside the callback, for what never comes."""
    return lambda: executor.spin_until_future_complete(Future(), timeout)


def sleep_by_a_rate(node: Node, _: Any, __: float | None) -> Callable[[], object]:
    """Its timer comes once in a while."""
    return node.create_rate(0.001).sleep


class Blocked:
    """An executor that runs in a thread, and a callback of its own that blocks in a call.

    :param begins: before the end, or after that, which then comes to a callback that runs.
    :ivar came: what the call returned, or the class of what it raised.
    """

    def __init__(
        self, cls: Any, node: Node, wait: Wait, timeout: float | None, begins: str
    ) -> None:
        self.executor = cls(3, context=node.context)
        self.came: list[object] = []
        self._call = wait(node, self.executor, timeout)
        self._runs, self._may_block = threading.Event(), threading.Event()
        self._ended = threading.Event()
        if begins == "before":
            self._may_block.set()
        self._worker = 0
        guard = node.create_guard_condition(self._callback, ReentrantCallbackGroup())
        self.executor.add_node(node)
        self._thread = threading.Thread(target=self.executor.spin, daemon=True)
        self._thread.start()
        guard.trigger()
        assert self._runs.wait(DEADLINE_SEC)
        if begins == "before":
            wait_until_asleep(self._worker)

    def _callback(self) -> None:
        self._worker = threading.get_native_id()
        self._runs.set()
        assert self._may_block.wait(DEADLINE_SEC)
        try:
            self.came.append(self._call())
        except BaseException as error:
            self.came.append(type(error))
        self._ended.set()

    def shut_down(self) -> None:
        """Shut the executor down, which waits for the callback; ROS is up."""
        if not self._may_block.is_set():
            assert not self.executor.shutdown(timeout_sec=0.0)
            self._may_block.set()
        self.executor.shutdown(timeout_sec=DEADLINE_SEC)
        if isinstance(self.executor, AsyncioExecutor):  # Jazzy's own does not wait
            assert self._ended.is_set()
        assert self._ended.wait(DEADLINE_SEC)
        self._thread.join(DEADLINE_SEC)

    def shut_down_ros(self, context: Context) -> None:
        """Shut the context down, then the executor."""
        context.shutdown()
        self.shut_down()


@EXECUTORS_AND_BEGINS
@pytest.mark.parametrize(
    ("wait", "returned"),
    [
        (sleep_by_a_clock, True),
        (wait_for_a_service, False),
        (wait_for_an_action, False),
        (wait_for_parameters, False),
        (spin, None),
    ],
)
def test_what_ends_by_itself_outlasts_the_executor(
    lone: Node, cls: Any, wait: Wait, returned: object, begins: str
) -> None:
    """The shutdown waits for it, and the rest of the callback is run."""
    blocked = Blocked(cls, lone, wait, SHORT_SEC, begins)
    blocked.shut_down()
    assert blocked.came == [returned]


@EXECUTORS_AND_BEGINS
def test_a_call_with_a_timeout_outlasts_the_executor(lone: Node, cls: Any, begins: str) -> None:
    """No answer comes any more: it raises, or on Jazzy returns None, when its time is over."""
    blocked = Blocked(cls, lone, call_a_service, SHORT_SEC, begins)
    blocked.shut_down()
    assert blocked.came in ([None], [TimeoutError])
    assert not any(client._pending_requests for client in lone.clients)


def test_a_call_with_a_timeout_ends_with_ros(context: Context, lone: Node) -> None:
    """And does not hold up its end."""
    blocked = Blocked(stand_ins.MultiThreadedExecutor, lone, call_a_service, LONG_SEC, "before")
    blocked.shut_down_ros(context)
    assert blocked.came == [UnansweredError]


@EXECUTORS
@pytest.mark.parametrize(
    ("wait", "ends"),
    [
        (sleep_by_a_clock, [False]),
        (wait_for_a_service, [False, InvalidHandle, RCLError]),  # its client is gone
        (wait_for_an_action, [False, InvalidHandle, RCLError]),
        (spin, [None]),
        (sleep_by_a_rate, [ROSInterruptException]),
    ],
)
def test_what_blocks_ends_with_ros(
    context: Context, lone: Node, cls: Any, wait: Wait, ends: list[object]
) -> None:
    """As by rclpy, and at once."""
    if wait is spin and cls is rclpy.executors.MultiThreadedExecutor:
        pytest.skip("Its spin calls may hang when the context goes down")
    blocked = Blocked(cls, lone, wait, LONG_SEC, "before")
    blocked.shut_down_ros(context)
    assert len(blocked.came) == 1
    assert blocked.came[0] in ends


@BEGINS
@pytest.mark.parametrize(
    "wait",
    [
        call_a_service,
        wait_for_a_service,
        wait_for_an_action,
        wait_for_parameters,
        sleep_by_a_rate,
    ],
)
def test_what_would_never_end_is_ended(lone: Node, wait: Wait, begins: str) -> None:
    """While ROS is up rclpy's shutdown would wait for ever."""
    blocked = Blocked(stand_ins.MultiThreadedExecutor, lone, wait, None, begins)
    blocked.shut_down()
    assert blocked.came == [UnansweredError]


@BEGINS
def test_an_endless_spin_inside_returns(lone: Node, begins: str) -> None:
    """Nothing is spun any more; rclpy's own may not notice."""
    blocked = Blocked(stand_ins.MultiThreadedExecutor, lone, spin, None, begins)
    blocked.shut_down()
    assert blocked.came == [None]
