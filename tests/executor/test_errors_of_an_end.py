# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a callback raises because another thread has shut the context down: heard, and once.

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import rclpy
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._coroutines import publishing
from aiorcl._serving.registry import served
from tests.support.elsewhere import DEADLINE_SEC, call_elsewhere
from tests.support.makers import MakeNode, Run
from tests.support.turns import turns


def failing_at_the_end(context: Context, node: Node) -> None:
    """Let two callbacks fail: one in which another thread shuts down, one as it is cancelled."""
    publisher = node.create_publisher(Int64, "topic", 10)

    async def clean_up() -> None:
        cleaning.cancel()
        node.create_timer(0.0, shut_down)
        try:
            await asyncio.Event().wait()
        finally:
            publisher.publish(Int64())

    def shut_down() -> None:
        call_elsewhere(lambda: rclpy.shutdown(context=context))
        publisher.publish(Int64())

    cleaning = node.create_timer(0.0, clean_up)  # type: ignore[arg-type]


def heard_by(loop: asyncio.AbstractEventLoop) -> list[BaseException]:
    """Return what the exception handler of a loop will have been given."""
    heard: list[BaseException] = []
    loop.set_exception_handler(lambda _, details: heard.append(details["exception"]))
    return heard


def is_of_timer(error: BaseException | None) -> bool:
    """Tell whether an exception says that it comes from a timer."""
    return any("In timer" in note for note in getattr(error, "__notes__", ()))


def test_what_is_not_the_cause_is_heard(context: Context, make_node: MakeNode) -> None:
    """Of two callbacks that meet the shutdown one is the cause, and the handler gets the other."""
    node = make_node()
    failing_at_the_end(context, node)
    with AsyncioExecutor(context=context) as executor:
        heard = heard_by(executor.loop)
        executor.add_node(node)
        with pytest.raises(ExternalShutdownException) as raised:
            executor.spin()
    assert is_of_timer(raised.value.__cause__)
    assert [is_of_timer(error) for error in heard] == [True]


def test_what_meets_the_shutdown_in_a_block_is_heard_once(
    run: Run, context: Context, make_node: MakeNode
) -> None:
    """The block ends well, as nothing went wrong before; the handler gets each exception."""
    node = make_node()
    failing_at_the_end(context, node)

    async def main() -> None:
        heard = heard_by(asyncio.get_running_loop())
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            await executor.wait_for_shutdown()
        assert [is_of_timer(error) for error in heard] == [True, True]

    run(main)


def test_what_no_spin_call_raises_is_heard(context: Context, make_node: MakeNode) -> None:
    """A spin call that returns, as its executor was shut down too, leaves it to the handler."""
    node = make_node()
    publisher = node.create_publisher(Int64, "topic", 10)
    executor = AsyncioExecutor(context=context)
    heard = heard_by(executor.loop)
    executor.add_node(node)

    def publish() -> None:
        call_elsewhere(lambda: rclpy.shutdown(context=context))
        executor.shutdown()
        publisher.publish(Int64())

    node.create_timer(0.0, publish)
    executor.spin()
    assert [is_of_timer(error) for error in heard] == [True]


async def in_next_message(node: Node) -> None:
    """Wait for a message."""
    await aiorcl.next_message(node, Int64, "topic")


async def in_call(node: Node) -> None:
    """Wait for a server."""
    await aiorcl.call(node.create_client(Trigger, "nobody"), Trigger.Request())


async def in_a_group(node: Node) -> None:
    """Wait for both, in tasks of their own."""
    async with asyncio.TaskGroup() as group:
        group.create_task(in_next_message(node))
        group.create_task(in_call(node))


@pytest.mark.parametrize("wait", [in_next_message, in_call, in_a_group])
@pytest.mark.parametrize("where", ["callback", "thread"])
@pytest.mark.parametrize("has_hook", [False, True], ids=["handler", "hook"])
def test_who_waits_for_ros_ends_with_it_and_nothing_else_does(
    run: Run,
    context: Context,
    make_node: MakeNode,
    where: str,
    wait: Callable[[Node], Coroutine[None, None, None]],
    *,
    has_hook: bool,
) -> None:
    """What a wait raises as the context goes down is no error: the body goes on, and none hears."""
    node = make_node()

    async def main() -> None:
        heard, ended = heard_by(asyncio.get_running_loop()), asyncio.Event()

        async def waiting() -> None:
            try:
                await wait(node)
            finally:
                ended.set()

        hook = (lambda error, _: heard.append(error)) if has_hook else None
        async with AsyncioExecutor(context=context, on_error=hook) as executor:
            executor.add_node(node)
            executor.create_task(waiting)
            await turns()
            if where == "thread":
                await asyncio.to_thread(context.shutdown)
            else:
                executor.create_task(context.shutdown)
            await ended.wait()
            await turns()
        assert heard == []

    run(main)


def test_what_is_not_of_the_end_is_raised(run: Run, context: Context, lone: Node) -> None:
    """Beside waits that the end of the context has ended, too."""

    async def main() -> None:
        async def waiting() -> None:
            try:
                await in_next_message(lone)
            except aiorcl.EntityGoneError as gone:
                raise ExceptionGroup("both", [gone, LookupError()]) from None

        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            executor.create_task(waiting)
            await turns()
            executor.create_task(context.shutdown)
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup, match="both"):
        run(main)


class Slow(Node):
    """Is destroyed by the shutdown of its context on Kilted, which then waits for an event."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.destroyed, self.may_return = threading.Event(), threading.Event()

    def destroy_node(self) -> None:
        super().destroy_node()
        self.destroyed.set()
        assert self.may_return.wait(DEADLINE_SEC)


USES: dict[str, Callable[[Node, Any, Any], Coroutine[None, None, Any]]] = {
    "publish": lambda node, publisher, client: aiorcl.publish(publisher, Int64()),
    "subscribers_ready": lambda node, publisher, client: aiorcl.subscribers_ready(publisher),
    "service_ready": lambda node, publisher, client: aiorcl.service_ready(client),
    "call": lambda node, publisher, client: aiorcl.call(client, Trigger.Request()),
    "node_ready": lambda node, publisher, client: aiorcl.node_ready(node, "node"),
    "next_message": lambda node, publisher, client: aiorcl.next_message(node, Int64, "topic"),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_is_used_as_the_context_goes_down_is_gone(
    context: Context, make_node: MakeNode, use: Callable[[Node, Any, Any], Any]
) -> None:
    """While rclpy has destroyed the nodes only, when it has come to its end, and in a cleanup."""
    node = make_node(Slow)
    assert isinstance(node, Slow)
    publisher = node.create_publisher(Int64, "topic", 10)
    client = node.create_client(Trigger, "nobody")
    is_down, met = threading.Event(), []

    def shut_down() -> None:
        rclpy.shutdown(context=context)
        is_down.set()
        node.destroyed.set()  # on Jazzy no node is destroyed

    async def use_it() -> None:
        try:
            await use(node, publisher, client)
        except aiorcl.EntityGoneError as error:
            met.append(str(error))
            raise

    async def work() -> None:
        thread.start()
        node.destroyed.wait()
        try:
            with pytest.raises(aiorcl.EntityGoneError):
                await use_it()
            node.may_return.set()
            is_down.wait()
            await use_it()
        finally:
            await use_it()

    thread = threading.Thread(target=shut_down)
    with AsyncioExecutor(context=context) as executor:
        heard = heard_by(executor.loop)
        executor.add_node(node)
        executor.create_task(work)
        with pytest.raises(ExternalShutdownException) as raised:
            executor.spin()
    thread.join()
    assert raised.value.__cause__ is None
    assert heard == []
    assert met == ["The context is shut down"] * 3


def test_publishing_is_overtaken_by_the_end(
    context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The context goes down when the publisher was found to be served: no error of rcl's."""
    node = make_node()
    publisher = node.create_publisher(Int64, "topic", 10)

    def look_up(entity: Any) -> Any:
        found = served(entity)
        call_elsewhere(lambda: rclpy.shutdown(context=context))
        return found

    monkeypatch.setattr(publishing, "served", look_up)
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        task = executor.create_task(aiorcl.publish, publisher, Int64())
        with pytest.raises(ExternalShutdownException) as raised:
            executor.spin()
        with pytest.raises(aiorcl.EntityGoneError, match="The context is shut down"):
            task.result()
    assert raised.value.__cause__ is None


async def never(*_: object) -> Any:
    """Answer nothing."""
    await asyncio.Event().wait()


async def for_a_response(node: Node) -> None:
    """Wait for an answer."""
    node.create_service(Trigger, "service", never)
    await aiorcl.call(node.create_client(Trigger, "service"), Trigger.Request())


async def for_an_acceptance(node: Node) -> None:
    """Wait until a server has decided."""
    aiorcl.serve_action(node, Fibonacci, "action", never, goal_callback=never)
    client = ActionClient(node, Fibonacci, "action")
    async with aiorcl.goal(client, Fibonacci.Goal()):
        raise AssertionError


@pytest.mark.parametrize("wait", [for_a_response, for_an_acceptance])
def test_who_is_cancelled_as_it_is_told_says_nothing(
    run: Run,
    context: Context,
    lone: Node,
    capfd: pytest.CaptureFixture[str],
    wait: Callable[[Node], Coroutine[None, None, None]],
) -> None:
    """As with each Ctrl-C: rclpy does not complain that nobody has fetched the error."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            waiting = asyncio.ensure_future(wait(lone))
            while not executor.stats().callbacks:  # noqa: ASYNC110  # the server has the request
                await asyncio.sleep(0)
            context.shutdown()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        gc.collect()

    run(main)
    assert capfd.readouterr().err == ""
