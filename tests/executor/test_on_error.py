# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The on_error hook: what it is told, and what its answer means.

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import functools
import sys
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from std_msgs.msg import Int64

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.raising import (
    ARRANGEMENTS,
    CALLBACKS,
    WrongError,
    in_done_callback,
    in_feedback,
    in_guard_condition,
    in_qos_event,
    in_service,
    in_subscription,
    in_task,
    in_timer,
    in_waitable,
    name,
    plainly,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.makers import MakeNode, Run
    from tests.support.raising import Arrange, Make

NAMES: dict[Arrange, str] = {
    in_subscription: "subscription '/topic' of node '{node}'",
    in_timer: "timer '{callback}' of node '{node}'",
    in_service: "service '/service' of node '{node}'",
    in_guard_condition: "guard condition '{callback}' of node '{node}'",
    in_qos_event: "waitable 'EventHandler {callback}' of node '{node}'",
    in_waitable: "waitable 'Inbox' of node '{node}'",
    in_feedback: "feedback of action client '/action' of node '{node}'",
    in_task: "task '{callback}'",
    in_done_callback: "task '{callback}'",
}


@pytest.mark.parametrize("make", CALLBACKS, ids=name)
@pytest.mark.parametrize("arrange", ARRANGEMENTS, ids=name)
def test_the_hook_gets_the_exception_and_all_goes_on(
    run: Run, context: Context, lone: Node, arrange: Arrange, make: Make
) -> None:
    """The hook is told the exception and what has raised it; when it returns nothing ends."""
    error = WrongError("on purpose")
    callback = f"{make.__qualname__}.<locals>.callback"
    expected = NAMES[arrange].format(node=lone.get_fully_qualified_name(), callback=callback)

    async def main() -> None:
        told = asyncio.get_running_loop().create_future()
        async with AsyncioExecutor(
            context=context, on_error=lambda *call: told.set_result(call)
        ) as executor:
            executor.add_node(lone)
            kept = arrange(executor, lone, make, error)
            assert await told == (error, expected)
            assert await executor.create_task(max, 1, 2) == 2
            del kept

    run(main)


class InWorkers(Node):
    """Has its callbacks run in a thread, unless they are of another group."""

    def __init__(self, name: str, **options: Any) -> None:
        self.group = ThreadCallbackGroup(1)
        super().__init__(name, **options)

    @property
    def default_callback_group(self) -> ThreadCallbackGroup:
        """The group of entities that are given none."""
        return self.group


@pytest.mark.parametrize(
    "arrange", [in_subscription, in_timer, in_service, in_qos_event, in_feedback], ids=name
)
@pytest.mark.parametrize("cls", [Node, InWorkers])
@pytest.mark.parametrize("has_hook", [False, True], ids=["handler", "hook"])
def test_a_cancellation_of_nobody_is_told_as_any_error(
    run: Run,
    context: Context,
    make_node: MakeNode,
    arrange: Arrange,
    cls: type[Node],
    *,
    has_hook: bool,
) -> None:
    """What a plain callback lets pass, here or in a worker: the hook is asked; else all goes on."""
    node = make_node(cls)
    error = asyncio.CancelledError("on purpose")
    asked: list[tuple[BaseException, str]] = []

    def hook(error: BaseException, origin: str) -> None:
        asked.append((error, origin))
        raise error

    async def main() -> None:
        loop = asyncio.get_running_loop()
        told = loop.create_future()
        loop.set_exception_handler(lambda _, about: told.set_result(about))
        async with AsyncioExecutor(
            context=context, on_error=hook if has_hook else None
        ) as executor:
            executor.add_node(node)
            kept = arrange(executor, node, plainly, error)
            about = await told
            assert await executor.create_task(max, 1, 2) == 2
            del kept
        callback = f"{plainly.__qualname__}.<locals>.callback"
        origin = NAMES[arrange].format(node=node.get_fully_qualified_name(), callback=callback)
        assert about == {"message": f"Exception in {origin}", "exception": error}
        assert asked == [(error, origin)] * has_hook

    run(main)


def test_two_callbacks_end_the_program(
    context: Context, loop_factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Both may say so before the loop stops: the first one decides, and there is no error."""
    told: list[object] = []

    async def leave(status: int) -> None:
        sys.exit(status)

    with contextlib.closing(loop_factory()) as loop:
        loop.set_exception_handler(lambda _, about: told.append(about))
        with AsyncioExecutor(context=context, loop=loop) as executor:
            for status in (3, 4):
                executor.create_task(leave, status)
            with pytest.raises(SystemExit) as raised:
                executor.spin()
    assert raised.value.code == 3
    assert told == []


def test_what_the_hook_raises_is_raised_instead(run: Run, context: Context) -> None:
    """A hook may turn an exception into another one, or pass it on."""
    other = LookupError("of the hook")

    def hook(error: BaseException, label: str) -> None:
        raise other from error

    async def main() -> None:
        async with AsyncioExecutor(context=context, on_error=hook) as executor:
            executor.create_task(plainly(WrongError("on purpose")))
            await executor.wait_for_shutdown()

    with pytest.raises(LookupError) as caught:
        run(main)
    assert caught.value is other
    assert isinstance(caught.value.__cause__, WrongError)


@pytest.mark.parametrize("make", CALLBACKS, ids=name)
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, LookupError])
def test_whatever_the_hook_raises_is_raised(
    context: Context, lone: Node, make: Make, kind: type[BaseException]
) -> None:
    """A hook may end the program; what it was told of is not lost."""
    first, second = WrongError("on purpose"), kind("of the hook")

    def hook(error: BaseException, label: str) -> None:
        raise second

    with AsyncioExecutor(context=context, on_error=hook) as executor:
        executor.add_node(lone)
        lone.create_subscription(Int64, "topic", make(first), 10)
        lone.create_publisher(Int64, "topic", 10).publish(Int64())
        with pytest.raises(kind) as caught:
            executor.spin()
    assert caught.value is second
    assert caught.value.__context__ is first


def test_a_hook_that_cannot_be_called_loses_nothing(context: Context) -> None:
    """A hook of the wrong signature, or a coroutine function, is a mistake that is raised."""

    def narrow(error: BaseException) -> None:
        pass

    async def later(error: BaseException, label: str) -> None:
        pass

    for hook in (narrow, later):
        first = WrongError("on purpose")
        wrong: Any = hook
        with AsyncioExecutor(context=context, on_error=wrong) as executor:
            executor.create_task(plainly(first))
            with pytest.raises(TypeError) as caught:
                executor.spin()
        assert first in (caught.value.__context__, caught.value.__cause__)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("inside", [False, True])
def test_what_ends_a_program_comes_out_of_a_worker(
    run: Run, context: Context, lone: Node, kind: type[BaseException], inside: bool
) -> None:
    """sys.exit() in a worker thread ends the program as anywhere else, without the hook."""
    told: list[BaseException] = []
    error = kind("on purpose")
    lone.create_timer(0.001, plainly(error), callback_group=ThreadCallbackGroup(1))
    executor = AsyncioExecutor(context=context, on_error=lambda error, _: told.append(error))
    executor.add_node(lone)

    async def main() -> None:
        async with executor:
            await executor.wait_for_shutdown()

    call = functools.partial(run, main) if inside else executor.spin
    with pytest.raises(kind, match="on purpose"):
        call()
    executor.shutdown()
    assert told == []


def test_the_hook_holds_for_spin_calls(context: Context, lone: Node) -> None:
    """Under spin_once and its kin the hook is asked as well."""
    told: list[str] = []
    received: list[int] = []

    def callback(message: Int64) -> None:
        received.append(message.data)
        raise WrongError

    lone.create_subscription(Int64, "topic", callback, 10)
    publisher = lone.create_publisher(Int64, "topic", 10)
    for number in range(3):
        publisher.publish(Int64(data=number))
    with AsyncioExecutor(
        context=context, on_error=lambda error, label: told.append(label)
    ) as executor:
        executor.add_node(lone)
        while len(received) < 3:
            executor.spin_once(timeout_sec=10)
    assert received == [0, 1, 2]
    assert told == [f"subscription '/topic' of node '{lone.get_fully_qualified_name()}'"] * 3


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_hook_does_not_keep_a_program_from_ending(
    context: Context, lone: Node, kind: type[BaseException]
) -> None:
    """KeyboardInterrupt and SystemExit are not errors: the hook does not see them."""
    told: list[BaseException] = []
    with AsyncioExecutor(
        context=context, on_error=lambda error, label: told.append(error)
    ) as executor:
        executor.add_node(lone)
        lone.create_timer(0.001, plainly(kind("on purpose")))
        with pytest.raises(kind, match="on purpose"):
            executor.spin()
    assert told == []


def test_a_cancelled_coroutine_is_no_error(run: Run, context: Context) -> None:
    """Cancelling a task of the executor is nothing that the hook, or the block, hears of."""
    told: list[BaseException] = []

    async def main() -> None:
        async with AsyncioExecutor(
            context=context, on_error=lambda error, label: told.append(error)
        ) as executor:
            task = executor.create_task(executor.wait_for_shutdown)
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main)
    assert told == []


def test_an_error_of_rcl(context: Context, lone: Node) -> None:
    """When rcl cannot take something the error is rclpy's, and names the entity; all goes on."""
    received: list[int] = []
    told: list[tuple[str, str]] = []

    def tell(error: BaseException, label: str) -> None:
        assert isinstance(error, _rclpy.RCLError)
        told.append((str(error), label))

    with AsyncioExecutor(context=context, on_error=tell) as executor:
        executor.add_node(lone)
        subscription = lone.create_subscription(
            Int64, "topic", lambda message: received.append(message.data), 10
        )
        publisher = lone.create_publisher(Int64, "topic", 10)
        # An rcl_subscription_t is one pointer. Without it rcl says that it is invalid, while the
        # middleware, which has pointers of its own, goes on.
        impl = ctypes.c_void_p.from_address(subscription.handle.pointer)
        kept, impl.value = impl.value, None
        publisher.publish(Int64(data=1))
        while not told:
            executor.spin_once(timeout_sec=10)
        impl.value = kept
        publisher.publish(Int64(data=2))
        while not received:
            executor.spin_once(timeout_sec=10)
    assert received == [1]  # it was left there
    message, label = told[0]
    assert label == f"subscription '/topic' of node '{lone.get_fully_qualified_name()}'"
    assert message.startswith("subscription '/topic': Cannot take a message")
