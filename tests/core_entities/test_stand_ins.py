# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# publish and call_async of a served node: who has kept them, and who has replaced them.

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from rclpy.context import Context
from rclpy.exceptions import InvalidHandle
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor
from tests.support.elsewhere import call_elsewhere

Leave = Callable[[AsyncioExecutor, Node], AsyncioExecutor | None]


def stay(executor: AsyncioExecutor, node: Node) -> AsyncioExecutor | None:
    """Do nothing."""
    return None


def remove(executor: AsyncioExecutor, node: Node) -> AsyncioExecutor | None:
    """Take the node off."""
    executor.remove_node(node)
    return None


def move(executor: AsyncioExecutor, node: Node) -> AsyncioExecutor:
    """Add the node to another executor."""
    other = AsyncioExecutor(context=node.context)
    other.add_node(node)
    return other


def shut_down(executor: AsyncioExecutor, node: Node) -> AsyncioExecutor | None:
    """End the executor."""
    executor.shutdown()
    return None


@pytest.mark.parametrize("leave", [stay, remove, move, shut_down])
def test_a_method_that_was_kept_goes_on_working(context: Context, lone: Node, leave: Leave) -> None:
    """publish and call_async, looked up while the node was served, work wherever it is now."""
    received: list[int] = []
    answered: list[bool] = []

    def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        answered.append(True)
        return response

    publisher = lone.create_publisher(Int64, "topic", 10)
    client = lone.create_client(Trigger, "service")
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    publish, call_async = publisher.publish, client.call_async
    other = leave(executor, lone)
    lone.create_subscription(Int64, "topic", lambda message: received.append(message.data), 10)
    lone.create_service(Trigger, "service", answer)
    publish(Int64(data=7))
    future = call_async(Trigger.Request())
    last = other or AsyncioExecutor(context=context)
    last.add_node(lone)
    last.spin_until_future_complete(future, timeout_sec=10.0)
    while not received:
        last.spin_once(timeout_sec=10.0)
    assert future.done()
    assert received == [7]
    assert answered == [True]
    last.shutdown()
    executor.shutdown()


def test_a_method_that_was_kept_of_what_is_destroyed(context: Context, lone: Node) -> None:
    """It raises what rclpy raises."""
    publisher = lone.create_publisher(Int64, "topic", 10)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    publish = publisher.publish
    lone.destroy_publisher(publisher)
    with pytest.raises(InvalidHandle):
        publish(Int64())
    executor.shutdown()


def publisher_and_send(node: Node) -> tuple[Any, Callable[[], object]]:
    """Return a publisher, and what publishes."""
    publisher = node.create_publisher(Int64, "topic", 10)
    return publisher, lambda: publisher.publish(Int64())


def client_and_send(node: Node) -> tuple[Any, Callable[[], object]]:
    """Return a client, and what calls without waiting."""
    client = node.create_client(Trigger, "service")
    return client, lambda: client.call_async(Trigger.Request())


@pytest.mark.parametrize("make", [publisher_and_send, client_and_send])
def test_what_another_thread_destroys_sends_nothing(
    context: Context, lone: Node, make: Callable[[Node], tuple[Any, Callable[[], object]]]
) -> None:
    """It raises what rclpy raises, also while the loop is busy, which lets go of it later."""
    entity, send = make(lone)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    raised: list[type[BaseException]] = []

    def destroy_and_send() -> None:
        entity.destroy()
        try:
            send()
        except InvalidHandle as error:
            raised.append(type(error))

    executor.spin_until_future_complete(
        executor.create_task(lambda: call_elsewhere(destroy_and_send))
    )
    assert raised == [InvalidHandle]
    executor.shutdown()


def test_a_double_of_the_user_stays(context: Context, lone: Node) -> None:
    """What somebody puts on the instance meanwhile is not taken away with the node."""
    publisher = lone.create_publisher(Int64, "topic", 10)
    client = lone.create_client(Trigger, "service")
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    publisher.publish = publish = Mock()  # type: ignore[method-assign]
    client.call_async = call_async = Mock()  # type: ignore[method-assign]
    executor.remove_node(lone)
    assert publisher.publish is publish
    assert client.call_async is call_async
    executor.shutdown()


def test_nothing_of_ours_stays(context: Context, lone: Node) -> None:
    """Without the executor the instances have no method of their own."""
    publisher = lone.create_publisher(Int64, "topic", 10)
    executor = AsyncioExecutor(context=context)
    executor.add_node(lone)
    assert "publish" in vars(publisher)
    executor.shutdown()
    assert "publish" not in vars(publisher)
