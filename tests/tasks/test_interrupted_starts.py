# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Ctrl-C comes while the thread of a worker is being started.

from __future__ import annotations

import threading

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.threads import a_message


def interrupt_start(monkeypatch: pytest.MonkeyPatch, begun: threading.Event | None = None) -> None:
    """Interrupt who starts the first worker: when its callback has begun, or else before."""
    start, interrupted = threading.Thread.start, False

    def start_and_interrupt(self: threading.Thread) -> None:
        nonlocal interrupted
        first = not interrupted and self.name.startswith("aiorcl worker")
        if begun is not None or not first:
            start(self)
        if first:
            if begun is not None:
                begun.wait()
            interrupted = True
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", start_and_interrupt)


def test_a_callback_that_has_begun_is_waited_for(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spin call raises the interrupt, and the end of the executor what the callback raises."""
    begun, go, ended = threading.Event(), threading.Event(), threading.Event()

    def callback(_: Int64) -> None:
        begun.set()
        go.wait()
        ended.set()
        raise LookupError("of the callback")

    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    a_message(lone, ThreadCallbackGroup(1), callback)
    interrupt_start(monkeypatch, begun)
    with pytest.raises(KeyboardInterrupt):
        executor.spin()
    assert not executor.shutdown(timeout_sec=0)
    go.set()
    with pytest.raises(LookupError, match="of the callback"):
        executor.shutdown()
    assert ended.is_set()


def test_a_callback_that_has_not_begun_never_does(
    context: Context, lone: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when another one starts the threads of the pool later."""
    called: list[int] = []

    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    group = ThreadCallbackGroup(1)
    a_message(lone, group, lambda _: called.append(1))
    interrupt_start(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        executor.spin()
    guard = lone.create_guard_condition(lambda: called.append(2), callback_group=group)
    guard.trigger()
    while not called:
        executor.spin_once(timeout_sec=1)
    assert executor.shutdown()
    assert called == [2]
