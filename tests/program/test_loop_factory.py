# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a function returns that is to make a loop, and makes none.

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import rclpy

import aiorcl
from aiorcl import EventLoop
from tests.support import network


async def make_loop() -> asyncio.AbstractEventLoop:
    """Be awaited, which nobody does."""
    return asyncio.new_event_loop()


def closed_loop() -> asyncio.AbstractEventLoop:
    """Make a loop that nobody can run."""
    loop = asyncio.new_event_loop()
    loop.close()
    return loop


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: 5, TypeError, r"no event loop, but 5 \(int\)"),
        (lambda: None, TypeError, "no event loop, but None"),
        (lambda: EventLoop, TypeError, "no event loop, but the class aiorcl.EventLoop itself"),
        (make_loop, TypeError, r"no event loop, but a coroutine: write 'def make_loop\(\)'"),
        (closed_loop, ValueError, "an event loop that is closed"),
    ],
)
def test_what_returns_no_loop_is_named(
    monkeypatch: pytest.MonkeyPatch, wrong: Any, error: type[Exception], words: str
) -> None:
    """With what it has returned; nothing runs, and ROS goes down."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(network.domain_id()))

    async def main() -> None:
        raise AssertionError

    with pytest.raises(error, match=rf"aiorcl.run\(\): the loop_factory returned {words}"):
        aiorcl.run(main, args=[], loop_factory=wrong)
    assert not rclpy.ok()
