# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Coroutines that go on after a cancellation, or may do so, as far as an end can tell.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node

from aiorcl import AsyncioExecutor
from tests.support.elsewhere import DEADLINE_SEC
from tests.support.keeping import KEEPING, Wait
from tests.support.turns import turns

if TYPE_CHECKING:
    from tests.support.makers import Run

_CLEANUP_SEC = "aiorcl._tasks.coroutine_steps._CLEANUP_SEC"


async def take_back(leaves: asyncio.Event) -> None:
    """Clean up after a cancellation of the user's, and go on."""
    task = asyncio.current_task()
    assert task is not None
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        await leaves.wait()
        await turns()
        task.uncancel()


async def time_out(leaves: asyncio.Event) -> None:
    """The same by a timeout, which cancels."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0) as timeout:
            try:
                await asyncio.Event().wait()
            finally:
                assert timeout.when() is not None
                await leaves.wait()
                await turns()


@pytest.mark.parametrize("go_on", [take_back, time_out])
def test_who_takes_a_cancellation_back_while_the_end_waits_is_ended_at_once(
    run: Run,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    go_on: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
) -> None:
    """There is no cleanup to wait for any more."""
    monkeypatch.setattr(_CLEANUP_SEC, 2 * DEADLINE_SEC)
    cancelled: list[str] = []

    async def main() -> None:
        begun, leaves = asyncio.Event(), asyncio.Event()

        async def goes_on() -> None:
            begun.set()
            await go_on(leaves)
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append("by the end")
                await turns()
                cancelled.append("once")

        async with asyncio.timeout(DEADLINE_SEC):
            async with AsyncioExecutor(context=context) as executor:
                task = executor.create_task(goes_on)
                await begun.wait()
                if go_on is take_back:
                    task.cancel()
                await turns()
                leaves.set()
        assert cancelled == ["by the end", "once"]

    run(main)


@pytest.mark.parametrize("act", ["remove", "destroy"])
def test_each_end_of_a_node_ends_who_has_gone_on_after_the_one_before(
    run: Run, context: Context, lone: Node, act: str
) -> None:
    """The node came back between them."""
    cancelled: list[str] = []

    async def main() -> None:
        begun, heard = asyncio.Event(), asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            task = asyncio.current_task()
            assert task is not None
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                task.uncancel()
            heard.set()
            try:
                await asyncio.Event().wait()
            finally:
                heard.set()
                cancelled.append("again")

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await begun.wait()
            executor.remove_node(lone)
            await heard.wait()
            heard.clear()
            executor.add_node(lone)
            if act == "remove":
                executor.remove_node(lone)
            else:
                lone.destroy_node()
            await heard.wait()
            assert cancelled == ["again"]

    run(main)


@KEEPING
@pytest.mark.parametrize("act", ["remove", "destroy", "end"])
def test_who_has_not_heard_of_an_end_cleans_up(
    run: Run,
    context: Context,
    lone: Node,
    wait: Wait,
    act: str,
) -> None:
    """What it awaited has kept the cancellation to itself, and the cleanup began for all that."""
    steps: list[str] = []

    async def main() -> None:
        future = asyncio.get_running_loop().create_future()
        begun = asyncio.Event()
        ended = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            begun.set()
            try:
                await wait(future)
            finally:
                try:
                    await turns()
                    steps.append("cleaned up")
                finally:
                    ended.set()

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
            await begun.wait()
            await turns()
            future.set_result(None)
            if act == "remove":
                executor.remove_node(lone)
                await ended.wait()
            elif act == "destroy":
                lone.destroy_node()
                await ended.wait()

    run(main)
    assert steps == ["cleaned up"]


def test_who_never_hears_of_an_end_is_cancelled_when_its_time_is_over(
    run: Run, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each suspension: what it awaits, task after task, keeps the cancellation to itself."""
    monkeypatch.setattr(_CLEANUP_SEC, 0.01)
    ends: list[str] = []

    async def main() -> None:
        begun = asyncio.Event()

        async def wait() -> None:
            begun.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

        async def goes_on() -> None:
            try:
                while True:
                    await asyncio.create_task(wait())
            finally:
                ends.append("cancelled")

        async with AsyncioExecutor(context=context) as executor:
            executor.create_task(goes_on)
            await begun.wait()
        assert ends == ["cancelled"]

    run(main)
