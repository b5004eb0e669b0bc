# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What cannot be named, since its attributes raise, has its errors told of all the same.

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, ThreadCallbackGroup

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run


class Callback:
    """What a proxy stands for."""

    def __call__(self, *args: Any) -> None:
        """Raise."""
        raise ValueError("of the callback")


class Delegates:
    """All of its attributes are those of another object, which is gone."""

    def __getattr__(self, name: str) -> Any:
        raise ReferenceError(f"No {name}")

    def __call__(self, *args: Any) -> None:
        """Raise as the proxies do."""
        raise ReferenceError("weakly-referenced object no longer exists")


class Numbered(Delegates):
    """Its name is no text."""

    def __init__(self) -> None:
        self.__qualname__ = 5


def gone() -> Any:
    """Make a proxy of an object that is no more."""
    return weakref.proxy(Callback())


CALLBACKS = pytest.mark.parametrize("make_callback", [gone, Delegates, Numbered])
MakeCallback = Callable[[], Any]


@CALLBACKS
def test_the_error_of_a_callback_ends_the_spin(
    context: Context, lone: Node, make_callback: MakeCallback
) -> None:
    """It is raised, bare."""
    lone.create_guard_condition(make_callback()).trigger()
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(lone)
        with pytest.raises(ReferenceError, match="no longer exists"):
            executor.spin()


@CALLBACKS
def test_the_error_of_a_callback_ends_the_block(
    run: Run, context: Context, lone: Node, make_callback: MakeCallback
) -> None:
    """On any loop."""
    lone.create_guard_condition(make_callback()).trigger()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await asyncio.Event().wait()

    with pytest.raises(ReferenceError, match="no longer exists"):
        run(main)


@CALLBACKS
def test_on_error_hears_of_it(context: Context, lone: Node, make_callback: MakeCallback) -> None:
    """And all goes on: of an entity, of one in a worker, and of a task."""
    told: list[str] = []

    def hear(error: BaseException, label: str) -> None:
        assert "no longer exists" in str(error)  # what the callback has raised
        told.append(label)

    with AsyncioExecutor(context=context, on_error=hear) as executor:
        executor.add_node(lone)
        executor.slow_callback_duration = 0.0
        lone.create_timer(0.001, make_callback())
        lone.create_service(Trigger, "service", make_callback())
        lone.create_service(
            Trigger, "in_worker", make_callback(), callback_group=ThreadCallbackGroup(1)
        )
        for name in ("service", "in_worker"):
            lone.create_client(Trigger, name).call_async(Trigger.Request())
        executor.create_task(make_callback())
        wanted = {"timer", "task", "service"}
        while not all(any(label.startswith(each) for label in told) for each in wanted):
            executor.spin_once(timeout_sec=10)
        while not any("in_worker" in label for label in told):
            executor.spin_once(timeout_sec=10)
        assert executor.stats().entities


def test_an_exception_that_cannot_be_shown(run: Run, context: Context, lone: Node) -> None:
    """It is raised as it is."""

    class HiddenError(Exception):
        __notes__ = 5  # type: ignore[assignment]

        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    def callback() -> None:
        raise HiddenError

    lone.create_guard_condition(callback).trigger()

    async def block() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            await asyncio.Event().wait()

    async def main() -> None:
        with pytest.raises(HiddenError):  # here: asyncio.Runner asks for its repr
            await block()

    run(main)


def test_a_node_that_was_destroyed_meanwhile(context: Context, make_node: MakeNode) -> None:
    """The note has the name that it had: a callback destroys its node, or all of ROS, and fails."""
    node = make_node()
    name = node.get_fully_qualified_name()

    def callback() -> None:
        node.destroy_node()
        raise LookupError

    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    node.create_guard_condition(callback).trigger()
    with pytest.raises(LookupError) as raised:
        executor.spin()
    assert raised.value.__notes__[-1].endswith(f" of node '{name}'")
    executor.shutdown()


def test_a_node_that_does_not_say_its_name(context: Context, make_node: MakeNode) -> None:
    """Its errors are raised as those of others."""

    class Silent(Node):
        def get_fully_qualified_name(self) -> str:
            raise RuntimeError("nameless")

    node = make_node(Silent)
    node.create_guard_condition(Callback()).trigger()
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        with pytest.raises(ValueError, match="of the callback") as caught:
            executor.spin()
        assert caught.value.__notes__ == ["In guard condition 'Callback' of node '(unnamed)'"]
        assert executor.stats().entities
