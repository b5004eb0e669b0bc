# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# No callback begins when its entity was destroyed, whatever instruction its thread was at then.
"""Where a coroutine, or a worker, is begun by code of Python another thread may come in between any
two instructions: it is let in before each in turn.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from typing import Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.elsewhere import call_elsewhere
from tests.support.instructions import TRACES_INSTRUCTIONS, Between, traced
from tests.support.makers import MakeContext


def spin(executor: AsyncioExecutor, trace: Between, *, in_workers: bool) -> None:
    """Run what is ready, and trace what runs it."""
    if in_workers:
        threading.settrace(trace)
    try:
        with contextlib.nullcontext() if in_workers else traced(trace):
            for _ in range(4):
                executor.spin_once(timeout_sec=0)
    finally:
        if in_workers:
            threading.settrace(None)


@TRACES_INSTRUCTIONS
@pytest.mark.parametrize("in_workers", [False, True], ids=["coroutine", "worker"])
@pytest.mark.parametrize("way", ["entity", "node", "context"])
def test_none_begins(make_context: MakeContext, way: str, in_workers: bool) -> None:
    """Neither when the entity was destroyed, nor its node, nor when the context was shut down."""
    context = make_context()
    for instruction in itertools.count():
        if way == "context" and not context.ok():
            context = make_context()
        events = begin_at(instruction, context, way, in_workers=in_workers)
        if "gone" not in events:
            break
        assert events[-1] == "gone", instruction
    assert instruction > 10


def begin_at(instruction: int, context: Context, way: str, *, in_workers: bool) -> list[str]:
    """Let a callback begin, and its entity be gone before an instruction; return what came when."""
    events: list[str] = []
    ended = threading.Event()
    node = Node("node", context=context, start_parameter_services=False)

    def callback() -> None:
        events.append("begun")
        ended.set()

    async def coroutine() -> None:
        callback()

    def destroy() -> None:
        if way == "entity":
            node.destroy_timer(timer)
        elif way == "node":
            node.destroy_node()
        else:
            rclpy.shutdown(context=context)

    def destroy_elsewhere() -> None:
        if not events:
            call_elsewhere(destroy)
            events.append("gone")
            ended.set()

    group = ThreadCallbackGroup(1) if in_workers else None
    executor = AsyncioExecutor(context=context)
    begin: Any = callback if in_workers else coroutine
    timer = node.create_timer(0.0, begin, callback_group=group)
    executor.add_node(node)
    try:
        spin(executor, Between("_tasks", instruction, destroy_elsewhere), in_workers=in_workers)
        ended.wait(1.0)
    except ExternalShutdownException:
        pass
    finally:
        executor.shutdown()
        if context.ok():
            node.destroy_node()
    return events
