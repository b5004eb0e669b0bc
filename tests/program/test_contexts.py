# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The context of aiorcl.run: rclpy's default one, or another, which may be up already.

from __future__ import annotations

import asyncio
import functools
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions, get_current_signal_handlers_options

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support import network
from tests.support.counters import wait_until_asleep
from tests.support.elsewhere import call_elsewhere

from .conftest import Run


class Runs:
    """A main that notes in which context it runs, and that a timer of a node there is called."""

    def __init__(self) -> None:
        self.contexts: list[Context] = []

    async def __call__(self, executor: AsyncioExecutor) -> None:
        node = Node("node", context=executor.context, start_parameter_services=False)
        executor.add_node(node)
        ticked = asyncio.Event()
        node.create_timer(0.001, ticked.set)
        await ticked.wait()
        self.contexts.append(executor.context)


def test_a_context_of_its_own_is_initialised_and_shut_down(run: Run) -> None:
    """Again and again in one process, beside the default context."""
    main = Runs()
    for _ in range(2):
        context = Context()
        run(main, context=context)
        assert main.contexts[-1] is context
        assert not context.ok()
        assert not rclpy.ok()
        run(main)
    assert len({id(context) for context in main.contexts}) == 4


def test_each_thread_has_a_program_of_its_own(run: Run) -> None:
    """Both run at the same time, each in its context."""
    meet = threading.Barrier(2)
    ended: list[bool] = []

    async def main(executor: AsyncioExecutor) -> None:
        await asyncio.to_thread(meet.wait)
        assert executor.context.ok()
        await asyncio.to_thread(meet.wait)
        ended.append(True)

    other = threading.Thread(target=functools.partial(run, main, context=Context()))
    other.start()
    run(main)
    other.join()
    assert ended == [True, True]


def test_only_one_thread_initialises_the_default_context(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one, which wants to at the same time, is refused, and ends nothing."""
    initialise = rclpy.init
    refused: list[BaseException] = []

    async def main(executor: AsyncioExecutor) -> bool:
        await asyncio.to_thread(other.join)
        return executor.context.ok()

    def run_too() -> None:
        with pytest.raises(RuntimeError) as raised:
            run(main)
        refused.append(raised.value)

    def after_the_other_has_come(**arguments: Any) -> None:
        if not begun.is_set():
            begun.set()
            other.start()
            assert other.native_id is not None
            wait_until_asleep(other.native_id)
        initialise(**arguments)

    begun = threading.Event()
    other = threading.Thread(target=run_too)
    monkeypatch.setattr(rclpy, "init", after_the_other_has_come)
    assert run(main) is True
    assert [str(each).startswith("aiorcl.run() initialises ROS") for each in refused] == [True]


def test_a_context_that_is_up_is_shared_by_threads(run: Run, up: Context) -> None:
    """The end of one program leaves the nodes of the other alone."""
    first, ended = Runs(), threading.Event()

    async def second(executor: AsyncioExecutor) -> None:
        await asyncio.to_thread(ended.wait)
        await Runs()(executor)

    arguments: dict[str, Any] = {"args": None, "context": up}
    other = threading.Thread(target=functools.partial(run, second, **arguments))
    other.start()
    run(first, **arguments)
    ended.set()
    other.join()
    assert up.ok()


@pytest.fixture
def up() -> Iterator[Context]:
    """The default context, initialised by the user, whose signals rclpy handles."""
    rclpy.init(args=[], domain_id=network.domain_id())
    yield rclpy.get_default_context()
    rclpy.try_shutdown()


def test_one_that_is_up_stays_up(up: Context) -> None:
    """Whoever has initialised it shuts it down; nodes are destroyed."""
    main = Runs()
    for _ in range(2):
        aiorcl.run(main, context=up)
        assert main.contexts[-1] is up
        assert up.ok()
    call_elsewhere(functools.partial(aiorcl.run, main, context=up))
    assert len(main.contexts) == 3
    assert up.ok()


def test_signals_of_rclpy_stand_back(up: Context) -> None:
    """Ctrl-C cancels main while ROS stays up; after the run rclpy has its handlers again."""
    assert get_current_signal_handlers_options() == SignalHandlerOptions.ALL
    cancelled: list[bool] = []

    async def main(executor: AsyncioExecutor) -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
        try:
            await executor.wait_for_shutdown()
        except asyncio.CancelledError:
            cancelled.append(up.ok())
            raise

    aiorcl.run(main, context=up)
    assert cancelled == [True]
    assert up.ok()
    assert get_current_signal_handlers_options() == SignalHandlerOptions.ALL
    # They are installed, not only believed to be: by the signal the context goes down.
    signal.raise_signal(signal.SIGTERM)
    while up.ok():  # a thread of rclpy shuts it down
        pass


def test_arguments_for_one_that_is_up_are_refused(up: Context) -> None:
    """They are read at the initialisation, which is over."""
    with pytest.raises(ValueError, match="args are for the initialisation"):
        aiorcl.run(Runs(), context=up, args=[])
    wrong: Any = "context"
    with pytest.raises(TypeError, match="Context"):
        aiorcl.run(Runs(), context=wrong)
