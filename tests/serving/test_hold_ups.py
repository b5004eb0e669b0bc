# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The end of an executor says for which callbacks in workers, and which coroutines, it waits.

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.action.client import ActionClient
from rclpy.action.server import ActionServer
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from test_msgs.action import Fibonacci

from aiorcl import AsyncioExecutor, ThreadCallbackGroup, action_ready
from aiorcl._serving import hold_ups
from aiorcl._serving.hold_ups import HoldUps
from tests.support.counters import wait_until_asleep
from tests.support.threads import Threads, a_message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aiorcl._tasks.coroutine_steps import Steps
    from tests.support.makers import Run


def set_when_told(monkeypatch: pytest.MonkeyPatch, *, times: int = 2) -> threading.Event:
    """Return what is set when an end has looked so often at who holds it up, and named each."""
    told, looks = threading.Event(), list[None]()
    look = HoldUps.look

    def look_twice(self: HoldUps, coroutines: Collection[Steps] = ()) -> bool:
        is_early = look(self, coroutines)
        looks.append(None)
        if len(looks) >= times:
            told.set()
        return is_early

    monkeypatch.setattr(hold_ups, "_SILENT_SEC", 0.0)
    monkeypatch.setattr(HoldUps, "look", look_twice)
    return told


@pytest.mark.parametrize("context_is_down", [False, True], ids=["", "context_is_down"])
def test_who_holds_up_an_end_is_named_once(
    context_is_down: bool,
    run: Run,
    context: Context,
    lone: Node,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With its node, and where the thread is in the code of the user.

    By the logger of the node, which publishes to /rosout, while that can be.
    """
    name = lone.get_name()
    logger = "aiorcl" if context_is_down else name
    go = set_when_told(monkeypatch)

    async def main() -> None:
        called = Threads()

        def callback(_: Int64) -> None:
            called.note()
            go.wait()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            a_message(lone, ThreadCallbackGroup(1), callback)
            worker = await called.next()
            assert worker.native_id is not None
            wait_until_asleep(worker.native_id)
            if context_is_down:
                context.shutdown()
            line = callback.__code__.co_firstlineno + 2
        told = capfd.readouterr().err
        assert told.count("The end of the executor waits for") == 1
        assert f"[{logger}]: The end of the executor waits for" in told
        assert f"subscription '/topic' of node '/{name}', in a worker" in told
        assert f"at {Path(__file__)}:{line} in " in told

    run(main)


def test_the_execution_of_a_goal_is_named_by_its_action(
    run: Run,
    context: Context,
    lone: Node,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Not as the request for the goal, which was answered long ago."""
    name = lone.get_name()
    go = set_when_told(monkeypatch)

    async def main() -> None:
        called = Threads()

        def execute(goal: Any) -> Fibonacci.Result:
            called.note()
            go.wait()
            goal.succeed()
            return Fibonacci.Result()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            ActionServer(lone, Fibonacci, "action", execute, callback_group=ThreadCallbackGroup(1))
            client = ActionClient(lone, Fibonacci, "action")
            await action_ready(client)
            await client.send_goal_async(Fibonacci.Goal())
            worker = await called.next()
            assert worker.native_id is not None
            wait_until_asleep(worker.native_id)
        told = capfd.readouterr().err
        waits_for = (
            f"the execute callback of action server '/action' of node '/{name}', in a worker"
        )
        assert f"[{name}]: The end of the executor waits for {waits_for}, at " in told

    run(main)


@pytest.mark.parametrize("way", ["block", "spin"])
@pytest.mark.parametrize("before", ["", "remove", "destroy", "context"])
def test_a_coroutine_that_goes_on_is_named(
    *, way: str, before: str, run: Run, context: Context, lone: Node,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Once, and where it is; also if the end of its node has cancelled it before."""
    name, told = lone.get_name(), set_when_told(monkeypatch, times=1)
    monkeypatch.setattr(hold_ups, "_CLEANUP_SEC", 0.0)
    begun = threading.Event()

    async def goes_on() -> None:
        while not told.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0)

    async def callback(_: Int64) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await goes_on()

    def end_something(executor: AsyncioExecutor) -> None:
        ends: dict[str, Callable[[], object]] = {
            "remove": lambda: executor.remove_node(lone),
            "destroy": lone.destroy_node,
            "context": context.shutdown,
        }
        if before:
            ends[before]()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            while not begun.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0)
            end_something(executor)

    lone.create_subscription(Int64, "topic", callback, 10)  # type: ignore[arg-type]
    lone.create_publisher(Int64, "topic", 10).publish(Int64())
    if way == "block":
        run(main)
    else:
        executor = AsyncioExecutor(context=context)
        executor.add_node(lone)
        while not begun.is_set():
            executor.spin_once(timeout_sec=0)
        end_something(executor)
        assert executor.shutdown()
    err = capfd.readouterr().err
    assert err.count("The end of the executor waits for") == 1
    assert f"waits for the coroutine '{callback.__qualname__}' of node '/{name}', which" in err
    line = goes_on.__code__.co_firstlineno + 2
    assert f"at {Path(__file__)}:{line} in {goes_on.__qualname__}()" in err
