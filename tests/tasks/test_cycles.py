# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A coroutine that has ended is freed at once: nothing is left for the collector of cycles.

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, service_ready
from tests.support.makers import Run
from tests.support.turns import turns

pytestmark = pytest.mark.usefixtures("no_collector")


class Token:
    """What a coroutine holds in a local variable."""


@pytest.fixture
def tokens() -> list[weakref.ref[Token]]:
    """Whatever the coroutines of a test have held."""
    return []


def holding(
    tokens: list[weakref.ref[Token]], end: Callable[[], Coroutine[Any, Any, Any]]
) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a coroutine function that holds a token until ``end`` has run."""

    async def hold(*args: Any) -> Any:
        token = Token()
        tokens.append(weakref.ref(token))
        await end()
        return args[-1] if args else None

    return hold


async def at_once() -> None:
    """End without a step in between."""


async def fails() -> None:
    """Suspend once, and end with an exception."""
    await asyncio.sleep(0)
    raise LookupError


async def fails_at_once() -> None:
    """End with an exception in the first step."""
    raise LookupError


@pytest.mark.parametrize("end", [at_once, turns, fails, fails_at_once])
def test_callbacks_leave_no_cycle(
    run: Run,
    context: Context,
    lone: Node,
    tokens: list[weakref.ref[Token]],
    end: Callable[[], Coroutine[Any, Any, Any]],
) -> None:
    """Callbacks of topics, timers and guard conditions, however they end."""

    async def main() -> None:
        async with AsyncioExecutor(context=context, on_error=lambda error, name: None) as executor:
            executor.add_node(lone)
            callback: Any = holding(tokens, end)  # rclpy's types do not know coroutine functions
            lone.create_subscription(Int64, "topic", lambda message: callback(), 10)
            timer = lone.create_timer(0.001, callback)
            guard = lone.create_guard_condition(callback)
            publisher = lone.create_publisher(Int64, "topic", 10)
            while len(tokens) < 30:
                publisher.publish(Int64())
                guard.trigger()
                await turns(1)
            timer.cancel()
            while any(token() is not None for token in tokens):
                await turns(1)  # one that is under way comes to its end

    run(main)


@pytest.mark.parametrize("end", [at_once, turns, fails, fails_at_once])
def test_tasks_leave_no_cycle(
    run: Run,
    context: Context,
    tokens: list[weakref.ref[Token]],
    end: Callable[[], Coroutine[Any, Any, Any]],
) -> None:
    """Tasks that are awaited, also with their exception."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            for _ in range(5):
                try:
                    await executor.create_task(holding(tokens, end))
                except LookupError:
                    pass
            await turns()
            assert [token() for token in tokens] == [None] * 5

    run(main)


def test_functions_that_fail_leave_no_cycle(
    run: Run, context: Context, tokens: list[weakref.ref[Token]]
) -> None:
    """A plain function made a task, whose exception somebody has handled."""

    def fail() -> None:
        token = Token()
        tokens.append(weakref.ref(token))
        raise LookupError

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            try:
                await executor.create_task(fail)
            except LookupError:
                pass
            await turns()
        assert [token() for token in tokens] == [None]

    run(main)


def test_cancelled_tasks_leave_no_cycle(
    run: Run, context: Context, tokens: list[weakref.ref[Token]]
) -> None:
    """Tasks that are cancelled while they wait."""

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            for _ in range(5):
                task = executor.create_task(holding(tokens, forever))
                await turns()
                task.cancel()
                await turns()
            del task
            await turns()
            assert [token() for token in tokens] == [None] * 5

    run(main)


def test_service_callbacks_leave_no_cycle(
    run: Run, context: Context, lone: Node, tokens: list[weakref.ref[Token]]
) -> None:
    """Coroutines that answer requests, and whoever awaits the answers."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            lone.create_service(Trigger, "service", holding(tokens, turns))
            client = lone.create_client(Trigger, "service")
            await service_ready(client)
            for _ in range(5):
                await client.call_async(Trigger.Request())
            await turns()
            assert [token() for token in tokens] == [None] * 5

    run(main)
