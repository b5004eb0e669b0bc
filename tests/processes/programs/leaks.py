# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Makes and destroys one kind of thing a thousand times, and says what the process has gained by it.

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import select
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, QoSSubscriptionEventType
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioClock, AsyncioExecutor, ThreadCallbackGroup
from aiorcl._rclpy.private import callbacks_of
from aiorcl._rclpy.private_actions import result_futures_of, server_of
from tests.processes.programs.talk import say, set_deadline
from tests.support.actions import serve_action
from tests.support.counters import Holdings, resident_bytes
from tests.support.loops import LOOPS
from tests.support.waitables import Inbox


async def count(goal: aiorcl.ServedGoal[Any]) -> None:
    """Publish feedback, and end: if that is all, or else when the goal is cancelled.

    But not before the client has asked for the result, which expires at once.
    """
    goal.publish_feedback(Fibonacci.Feedback())
    server = server_of(goal.handle)
    result = result_futures_of(server)[bytes(goal.goal_id.uuid)]
    try:
        if not goal.request.order:
            await asyncio.Event().wait()
    finally:
        while not callbacks_of(result):  # noqa: ASYNC110
            await asyncio.sleep(0)


class Rounds:
    """One round makes, uses and destroys one thing, beside an executor that runs."""

    def __init__(self, executor: AsyncioExecutor, node: Node, loop: str) -> None:
        self.loop = loop
        self.executor = executor
        self.node = node
        self.publisher = node.create_publisher(Int64, "topic", 10)
        node.create_service(Trigger, "service", lambda _, response: response)
        self.client = node.create_client(Trigger, "service")
        self.server = aiorcl.serve_action(node, Fibonacci, "goals", count, result_timeout=0)
        self.goals: ActionClient[Any, Any, Any] = ActionClient(node, Fibonacci, "goals")
        self.worker = ThreadPoolExecutor(max_workers=1)
        self.workers: list[int] = []  # threads of groups, which shall end
        self.spare = Node("spare", start_parameter_services=False, enable_rosout=False)

    def collect(self) -> None:
        """Let go of what nobody holds, and wait for the threads that end with it.

        By the system's word: a thread is there for a moment after Python has seen its end.
        """
        gc.collect()
        for thread in self.workers:
            while Path(f"/proc/self/task/{thread}").exists():
                select.select([], [], [], 0)  # lets go of the GIL
        self.workers.clear()

    async def called(self, make: Callable[[Callable[..., None]], object]) -> Any:
        """Make something, and wait until it has made its call."""
        arrived = asyncio.Event()
        made = make(lambda *_: arrived.set())
        await arrived.wait()
        return made

    async def use_publisher(self) -> None:
        """A publisher that publishes."""
        publisher = self.node.create_publisher(Int64, "topic", 10)
        publisher.publish(Int64())
        self.node.destroy_publisher(publisher)

    async def use_subscription(self) -> None:
        """A subscription that gets a message."""

        def make(call: Callable[..., None]) -> object:
            subscription = self.node.create_subscription(Int64, "topic", lambda _: call(), 10)
            self.publisher.publish(Int64())
            return subscription

        self.node.destroy_subscription(await self.called(make))

    async def use_service(self) -> None:
        """A service that answers, and a client that asks it."""

        async def handler(_: object, response: Trigger.Response) -> Trigger.Response:
            await asyncio.sleep(0)
            return response

        service = self.node.create_service(Trigger, "other", handler)
        client = self.node.create_client(Trigger, "other")
        await client.call_async(Trigger.Request())
        self.node.destroy_client(client)
        self.node.destroy_service(service)

    async def use_timer(self) -> None:
        """A timer that calls."""
        timer = await self.called(lambda call: self.node.create_timer(0.0, lambda: call()))
        self.node.destroy_timer(timer)

    async def use_guard_condition(self) -> None:
        """A guard condition that is triggered."""

        def make(call: Callable[..., None]) -> object:
            guard = self.node.create_guard_condition(call)
            guard.trigger()
            return guard

        self.node.destroy_guard_condition(await self.called(make))

    async def use_worker(self) -> None:
        """A group with a worker thread, and a subscription in it that gets a message."""
        loop = asyncio.get_running_loop()
        arrived = loop.create_future()
        tasks = asyncio.all_tasks()
        group = ThreadCallbackGroup(1)

        def callback(_: Int64) -> None:
            self.workers.append(threading.get_native_id())
            loop.call_soon_threadsafe(arrived.set_result, None)

        subscription = self.node.create_subscription(
            Int64, "topic", callback, 10, callback_group=group
        )
        self.publisher.publish(Int64())
        await arrived
        if waiting := asyncio.all_tasks() - tasks:  # for the worker, which has more to do
            await asyncio.wait(waiting)
        self.node.destroy_subscription(subscription)

    async def use_qos_event(self) -> None:
        """A publisher that is told of a subscription."""
        matched = asyncio.Event()
        callbacks = PublisherEventCallbacks(matched=lambda _: matched.set())
        publisher = self.node.create_publisher(Int64, "other", 10, event_callbacks=callbacks)
        subscription = self.node.create_subscription(Int64, "other", lambda _: None, 10)
        await matched.wait()
        self.node.destroy_subscription(subscription)
        self.node.destroy_publisher(publisher)

    async def use_sleep(self) -> None:
        """Sleeps on a clock: one that ends, and one that is given up."""
        clock = AsyncioClock(self.node.get_clock())
        await clock.sleep_for_async(Duration(nanoseconds=1))
        sleeping = asyncio.ensure_future(clock.sleep_for_async(Duration(seconds=60)))
        await asyncio.sleep(0)
        sleeping.cancel()

    async def use_lone_action(self) -> None:
        """A server and a client of an action, on no executor: they cost the middleware's part."""
        node = self.spare
        server, client = serve_action(node), ActionClient(node, Fibonacci, "action")
        client.destroy()
        server.destroy()

    async def use_action(self) -> None:
        """A server and a client of an action: one goal succeeds, and one is cancelled."""
        server, client = serve_action(self.node), ActionClient(self.node, Fibonacci, "action")
        goal = await client.send_goal_async(Fibonacci.Goal(order=1))
        assert (await goal.get_result_async()).status == GoalStatus.STATUS_SUCCEEDED
        goal = await client.send_goal_async(Fibonacci.Goal(order=0))
        await goal.cancel_goal_async()
        assert (await goal.get_result_async()).status == GoalStatus.STATUS_CANCELED
        client.destroy()
        server.destroy()

    async def use_goal(self) -> None:
        """Goals as blocks and as coroutines: one succeeds, and one is left early."""
        for order in (1, 0):
            async with aiorcl.goal(self.goals, Fibonacci.Goal(order=order)) as running:
                if order:
                    await running.result()
        assert running.status == GoalStatus.STATUS_CANCELED
        while self.server._goal_handles:  # noqa: ASYNC110
            await asyncio.sleep(0)  # until their results have expired

    async def use_waitable(self) -> None:
        """A waitable that is put something into."""

        def make(call: Callable[..., None]) -> Inbox:
            inbox = Inbox(self.node)
            inbox.on_executed = call
            inbox.put(1)
            return inbox

        inbox = await self.called(make)
        self.node.remove_waitable(inbox)
        inbox.entity.destroy_when_not_in_use()

    async def use_lone_node(self) -> None:
        """A node with a timer, on no executor: what it costs is the middleware's."""
        node = Node("other", start_parameter_services=False, enable_rosout=False)
        node.create_timer(0.0, lambda: None)
        node.destroy_node()

    async def use_node(self) -> None:
        """A node with a timer, on the executor."""
        node = Node("other", start_parameter_services=False, enable_rosout=False)

        def make(call: Callable[..., None]) -> object:
            node.create_timer(0.0, lambda: call())
            self.executor.add_node(node)
            return node

        await self.called(make)
        node.destroy_node()

    async def use_task(self) -> None:
        """Tasks: of a function, of a coroutine, and one that is cancelled."""
        await self.executor.create_task(max, 1, 2)
        await self.executor.create_task(asyncio.sleep(0))
        task = self.executor.create_task(asyncio.Event().wait)
        await asyncio.sleep(0)
        task.cancel()

    async def use_future(self) -> None:
        """Futures: completed, cancelled, and forgotten while a task waits."""
        future = self.executor.create_future()
        future.set_result(None)
        await future
        self.executor.create_future().cancel()
        plain: Future[None] = Future()
        waiting = asyncio.ensure_future(plain)
        await asyncio.sleep(0)
        waiting.cancel()

    async def use_call(self) -> None:
        """Calls: answered, and given up."""
        await self.client.call_async(Trigger.Request())
        waiting = asyncio.ensure_future(self.client.call_async(Trigger.Request()))
        await asyncio.sleep(0)
        waiting.cancel()
        await self.client.call_async(Trigger.Request())

    async def use_stream(self) -> None:
        """A stream that yields a message and is dropped, ticks, QoS events, and one given up."""
        async for _ in self.publishing(aiorcl.messages(self.node, Int64, "topic")):
            break
        async for _ in aiorcl.ticks(self.node, 0.0):
            break
        async with aiorcl.messages(self.node, Int64, "topic") as stream:
            matched = QoSSubscriptionEventType.RCL_SUBSCRIPTION_MATCHED
            async for _ in aiorcl.qos_events(self.node, stream.subscription, matched):
                break
        waiting = asyncio.ensure_future(aiorcl.next_message(self.node, Int64, "never"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    def publishing(self, stream: aiorcl.MessageStream[Int64]) -> aiorcl.MessageStream[Int64]:
        """Publish for a stream when it has been opened."""
        self.executor.loop.call_soon(self.publisher.publish, Int64())
        return stream

    async def use_wait(self) -> None:
        """A call that waits for its server, and waits for the graph that are given up."""
        client = self.node.create_client(Trigger, "other")
        calling = asyncio.ensure_future(aiorcl.call(client, Trigger.Request()))
        waiting = asyncio.ensure_future(aiorcl.node_ready(self.node, "never"))
        await asyncio.sleep(0)
        service = self.node.create_service(Trigger, "other", lambda _, response: response)
        await calling
        waiting.cancel()
        await asyncio.wait([waiting])
        self.node.destroy_client(client)
        self.node.destroy_service(service)

    async def use_exception(self) -> None:
        """A callback that raises."""

        def fail() -> None:
            raise LookupError

        with contextlib.suppress(LookupError):
            await self.executor.create_task(fail)

    async def use_executor(self) -> None:
        """An executor on a loop of its own, with a timer that calls and a task under way."""
        factory = LOOPS[self.loop]

        def work() -> None:
            with contextlib.closing(factory()) as loop:
                executor = AsyncioExecutor(loop=loop)
                executor.add_node(self.spare)
                executor.create_task(asyncio.Event().wait)
                future = executor.create_future()
                timer = self.spare.create_timer(0.0, lambda: future.set_result(None))
                executor.spin_until_future_complete(future)
                executor.shutdown()
                self.spare.destroy_timer(timer)

        await self.executor.loop.run_in_executor(self.worker, work)


async def measure(options: argparse.Namespace) -> dict[str, int]:
    """Say what a number of rounds has added to what the process holds."""
    node = Node("node")
    async with AsyncioExecutor(on_error=lambda error, label: None) as executor:
        executor.add_node(node)
        rounds = Rounds(executor, node, options.loop)
        once = getattr(rounds, f"use_{options.kind}")
        before, holdings, tasks = 0, Holdings(0, 0), 0
        # What grows once, such as pools of memory and threads, has grown after a while.
        for count in (options.rounds, options.rounds):
            rounds.collect()
            before, holdings, tasks = resident_bytes(), Holdings.now(), len(asyncio.all_tasks())
            for _ in range(count):
                await once()
        rounds.collect()
        after = Holdings.now()
        gained = {
            "bytes": resident_bytes() - before,
            "fds": after.fds - holdings.fds,
            "threads": after.threads - holdings.threads,
            "tasks": len(asyncio.all_tasks()) - tasks,
        }
    node.destroy_node()
    return gained


def main() -> None:
    """Measure what the command line asks for."""
    set_deadline(170)
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("loop", choices=LOOPS)
    parser.add_argument("rounds", type=int)
    options = parser.parse_args()
    rclpy.init(args=[])
    with asyncio.Runner(loop_factory=LOOPS[options.loop]) as runner:
        gained = runner.run(measure(options))
    rclpy.shutdown()
    say(json.dumps(gained))


if __name__ == "__main__":
    main()
