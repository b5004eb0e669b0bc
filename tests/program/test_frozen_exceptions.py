# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Exceptions that take no attributes, on each way out of a program: they come out as they are.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node

import aiorcl
from tests.support import network
from tests.support.raising import FrozenError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

ERROR = FrozenError("cold")


@pytest.fixture
def fresh() -> Iterator[Context]:
    """A context in a domain of its own, for nodes that are made by a function."""
    context = Context()
    rclpy.init(args=[], context=context, domain_id=network.domain_id())
    yield context
    context.try_shutdown()


def fail() -> None:
    """Raise it."""
    raise ERROR


async def fail_in_a_coroutine(executor: Any) -> None:
    """Raise it in a task."""
    raise ERROR


async def wait(executor: aiorcl.AsyncioExecutor) -> None:
    """Wait for the end."""
    await executor.wait_for_shutdown()


def programs(context: Context) -> dict[str, list[Any]]:
    """Return the parts of programs, of which one raises."""

    def make_node() -> Node:
        node = Node("node", context=context)
        node.create_timer(0.0, fail)
        return node

    def make_no_node() -> Node:
        raise ERROR

    return {
        "callback": [make_node],
        "coroutine": [fail_in_a_coroutine],
        "one of several": [wait, fail_in_a_coroutine],
        "maker": [make_no_node],
    }


KINDS = ("callback", "coroutine", "one of several", "maker")


@pytest.mark.parametrize("kind", KINDS)
def test_it_leaves_run(fresh: Context, kind: str) -> None:
    """Whichever part raises it."""
    with pytest.raises(BaseException, match="cold") as caught:
        aiorcl.run(programs(fresh)[kind], context=fresh)
    assert caught.value is ERROR


@pytest.mark.parametrize("kind", [*KINDS, "body"])
def test_it_leaves_a_lifespan(fresh: Context, kind: str) -> None:
    """Also where the server raises it."""

    async def main() -> None:
        async with aiorcl.lifespan(*programs(fresh).get(kind, [wait]), context=fresh)(
            None
        ) as state:
            if kind == "body":
                raise ERROR
            await state["ros"].executor.wait_for_shutdown()

    with pytest.raises(BaseException, match="cold") as caught:
        asyncio.run(main())
    assert caught.value is ERROR
