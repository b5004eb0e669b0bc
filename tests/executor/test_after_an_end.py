# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# No callback begins when another thread has destroyed its entity, or shut the context down.
"""The other thread is let run at the last moment: when the dispatcher, which has taken a message,
looks for the callback.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import rclpy
from rclpy.context import Context
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor, ThreadCallbackGroup
from tests.support.elsewhere import call_elsewhere
from tests.support.makers import MakeContext, MakeNode
from tests.support.waitables import Inbox


def when_looked_up(entity: Any, hook: Callable[[], object]) -> None:
    """Have somebody who looks for the callback of an entity call ``hook`` first, once."""
    callback, hooks = entity.callback, [hook]

    def look_up(self: Any) -> Any:
        while hooks:
            hooks.pop()()
        return callback

    entity.__class__ = type("LookedUp", (type(entity),), {"callback": property(look_up)})


def of_timer(node: Node, callback: Callable[..., Any], **options: Any) -> Any:
    """Return a timer that is due, and what destroys it."""
    return node.create_timer(0.0, callback, **options), node.destroy_timer


def of_subscription(node: Node, callback: Callable[..., Any], **options: Any) -> Any:
    """Return a subscription that has a message, and what destroys it."""
    subscription = node.create_subscription(Int64, "topic", callback, 10, **options)
    node.create_publisher(Int64, "topic", 10).publish(Int64())
    return subscription, node.destroy_subscription


def of_service(node: Node, callback: Callable[..., Any], **options: Any) -> Any:
    """Return a service that has a request, and what destroys it."""
    service = node.create_service(Trigger, "service", callback, **options)
    node.create_client(Trigger, "service").call_async(Trigger.Request())
    return service, node.destroy_service


def of_guard(node: Node, callback: Callable[..., Any], **options: Any) -> Any:
    """Return a guard condition that was triggered, and what destroys it."""
    guard = node.create_guard_condition(callback, **options)
    return guard, node.destroy_guard_condition


MAKERS = [of_timer, of_subscription, of_service, of_guard]
of_each_kind = pytest.mark.parametrize("make", MAKERS)


def spin(executor: AsyncioExecutor, turns: int = 20) -> None:
    """Spin until what is ready has had its turns."""
    for _ in range(turns):
        executor.spin_once(timeout_sec=0.01)


@of_each_kind
def test_destroyed_before_the_call(context: Context, make_node: MakeNode, make: Any) -> None:
    """An entity that was destroyed when its callback was about to be called is not called."""
    node = make_node()
    called: list[object] = []
    asked: list[object] = []
    entity, destroy = make(node, lambda *_: called.append(1))

    def hook() -> None:
        asked.append(1)
        call_elsewhere(lambda: destroy(entity))

    when_looked_up(entity, hook)
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        if make is of_guard:
            entity.trigger()
        while not asked:
            executor.spin_once(timeout_sec=0.1)
        spin(executor)
    assert called == []


@of_each_kind
def test_destroyed_before_the_first_step(context: Context, make_node: MakeNode, make: Any) -> None:
    """A coroutine callback whose entity was destroyed before its first step is closed."""
    node = make_node()
    begun: list[object] = []
    returned: list[object] = []

    async def coroutine() -> None:
        begun.append(1)

    def callback(*_: object) -> Any:
        call_elsewhere(lambda: destroy(entity))
        returned.append(1)
        return coroutine()

    entity, destroy = make(node, callback)
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        if make is of_guard:
            entity.trigger()
        while not returned:
            executor.spin_once(timeout_sec=0.1)
        spin(executor)
    assert begun == []


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="It begins where it is made")
def test_removed_and_destroyed_before_the_first_step(context: Context, lone: Node) -> None:
    """What a removal lets begin yet does not after that."""
    begun: list[object] = []

    async def coroutine() -> None:
        begun.append(1)

    def end() -> None:
        executor.remove_node(lone)
        lone.destroy_node()
        executor.loop.call_soon(lambda: executor.loop.call_soon(lambda: executor.shutdown()))

    def callback() -> Any:
        executor.loop.call_soon(end)  # before asyncio has its task
        return coroutine()

    executor = AsyncioExecutor(context=context)
    lone.create_guard_condition(callback).trigger()
    executor.add_node(lone)
    executor.spin()
    assert begun == []


@of_each_kind
def test_destroyed_before_the_worker_begins(
    context: Context, make_node: MakeNode, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A callback that waits for its worker thread is not called when its entity was destroyed."""
    node = make_node()
    called: list[object] = []
    submitted: list[object] = []
    entity, destroy = make(node, lambda *_: called.append(1), callback_group=ThreadCallbackGroup(1))
    start = threading.Thread.start

    def start_late(thread: threading.Thread) -> None:
        if thread.name.startswith("aiorcl worker"):
            submitted.append(1)
            call_elsewhere(lambda: destroy(entity))
        start(thread)

    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        if make is of_guard:
            entity.trigger()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", start_late)
            while not submitted:
                executor.spin_once(timeout_sec=0.1)
        spin(executor)
    assert called == []


def test_an_event_handler_is_destroyed(context: Context, make_node: MakeNode) -> None:
    """The event callbacks of a subscription do not begin when it was destroyed."""
    node = make_node()
    called: list[object] = []
    callbacks = SubscriptionEventCallbacks(incompatible_qos=called.append)
    subscription = node.create_subscription(
        Int64, "topic", lambda _: None, QoSProfile(depth=1), event_callbacks=callbacks
    )
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    [handler] = [each for each in subscription.event_handlers if each.callback == called.append]
    take_data = handler.take_data
    taken: list[object] = []

    def take() -> Any:
        data = take_data()
        taken.append(data)
        call_elsewhere(lambda: node.destroy_subscription(subscription))
        return data

    handler.take_data = take  # type: ignore[method-assign]
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        node.create_publisher(
            *(Int64, "topic", best_effort),
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
        )
        while not taken:
            executor.spin_once(timeout_sec=0.1)
        spin(executor)
    assert called == []


@of_each_kind
def test_shut_down_before_the_call(context: Context, make_node: MakeNode, make: Any) -> None:
    """No callback begins when rclpy.shutdown() has returned, and the spin says why it ends."""
    node = make_node()
    called: list[object] = []
    entity, _ = make(node, lambda *_: called.append(1))
    when_looked_up(entity, lambda: call_elsewhere(lambda: rclpy.shutdown(context=context)))
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        if make is of_guard:
            entity.trigger()
        with pytest.raises(ExternalShutdownException) as raised:
            executor.spin()
    assert called == []
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("asynchronous", [False, True], ids=["plain", "coroutine"])
def test_a_callback_meets_the_shutdown(
    context: Context, make_node: MakeNode, asynchronous: bool
) -> None:
    """What rcl says to a callback that is under way then is the cause, not another exception."""
    node = make_node()
    publisher = node.create_publisher(Int64, "topic", 10)

    def publish() -> None:
        call_elsewhere(lambda: rclpy.shutdown(context=context))
        publisher.publish(Int64())

    async def publish_later() -> None:
        publish()

    node.create_timer(0.0, publish_later if asynchronous else publish)  # type: ignore[arg-type]
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        with pytest.raises(ExternalShutdownException) as raised:
            executor.spin()
    assert raised.value.__cause__ is not None


def test_a_callback_shuts_down_itself(context: Context, make_node: MakeNode) -> None:
    """What a callback raises that has shut the context down itself is its own error."""
    node = make_node()

    def callback() -> None:
        rclpy.shutdown(context=context)
        raise rclpy.exceptions.InvalidHandle("of my own")

    node.create_timer(0.0, callback)
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        with pytest.raises(rclpy.exceptions.InvalidHandle, match="of my own"):
            executor.spin()


def test_a_shutdown_that_fails(context: Context, make_node: MakeNode) -> None:
    """Callbacks go on when rclpy could not shut the context down."""

    class Stubborn(Node):
        refuses = True

        def destroy_node(self) -> None:
            if self.refuses:
                raise ValueError("not yet")
            super().destroy_node()

    node = make_node(Stubborn)
    called: list[object] = []
    node.create_timer(0.001, lambda: called.append(1))
    with AsyncioExecutor(context=context) as executor:
        executor.add_node(node)
        try:
            rclpy.shutdown(context=context)
        except ValueError:  # on Jazzy no node is asked
            while not called:
                executor.spin_once(timeout_sec=0.1)
        Stubborn.refuses = False


def test_no_lock_of_the_context_is_taken(context: Context, make_node: MakeNode) -> None:
    """A waitable may fail while another thread, which shuts the context down, waits for us."""
    node = make_node()
    executor = AsyncioExecutor(context=context)
    executor.add_node(node)
    begun, shuts_down = threading.Event(), threading.Event()
    inbox = Inbox(node)

    def take() -> Any:
        begun.set()
        shuts_down.wait()
        raise rclpy.impl.implementation_singleton.rclpy_implementation.RCLError("no context")

    inbox.take_data = take  # type: ignore[method-assign]
    inbox.put(1)
    returned: list[bool] = []

    def shut_executor_down() -> None:
        shuts_down.set()
        returned.append(executor.shutdown())

    def shut_down() -> None:
        begun.wait()
        rclpy.shutdown(context=context)

    context.on_shutdown(shut_executor_down)
    thread = threading.Thread(target=shut_down)
    thread.start()
    executor.spin()
    thread.join()
    assert returned == [False]  # it cannot wait there


def test_the_shutdown_of_a_context_waits_for_executors_of_others(
    context: Context, make_context: MakeContext
) -> None:
    """What is under way there does not want the lock that this thread holds."""
    helper = AsyncioExecutor(context=make_context())
    begun, goes_down, ended = threading.Event(), threading.Event(), threading.Event()

    def callback() -> None:
        begun.set()
        goes_down.wait()
        ended.set()

    returned: list[tuple[bool, bool]] = []

    def end_helper() -> None:
        goes_down.set()
        returned.append((helper.shutdown(), ended.is_set()))

    helper.create_task(callback)
    thread = threading.Thread(target=helper.spin)
    thread.start()
    begun.wait()
    context.on_shutdown(end_helper)
    context.shutdown()
    thread.join()
    assert returned == [(True, True)]


@pytest.mark.parametrize("where", ["loop", "worker"])
def test_the_shutdown_of_a_context_does_not_wait_for_who_wants_its_lock(
    context: Context, make_context: MakeContext, make_node: MakeNode, where: str
) -> None:
    """A callback, of an executor of another context, that uses it meanwhile."""
    others = make_context()
    helper, node, used = (
        AsyncioExecutor(context=others),
        make_node(context=others),
        make_node(context=context),
    )
    begun, goes_down, ended = threading.Event(), threading.Event(), threading.Event()

    def callback() -> None:
        begun.set()
        goes_down.wait()
        used.destroy_node()
        assert not context.ok()
        ended.set()

    returned: list[bool] = []

    def end_helper() -> None:
        goes_down.set()
        returned.append(helper.shutdown())
        assert not ended.is_set()

    helper.add_node(node)
    group = ThreadCallbackGroup(1) if where == "worker" else None
    node.create_guard_condition(callback, group).trigger()
    thread = threading.Thread(target=helper.spin)
    thread.start()
    begun.wait()
    context.on_shutdown(end_helper)
    context.shutdown()
    thread.join()
    assert returned == [False]
    assert ended.is_set()
