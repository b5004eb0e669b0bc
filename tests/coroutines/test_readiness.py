# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Waiting for servers, nodes and subscribers: by changes of the graph, and never for ever.

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
import rclpy
import rclpy.exceptions
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Int64
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.actions import serve_action
from tests.support.counters import Holdings
from tests.support.ends import ENDS, ON_EITHER_THREAD, end
from tests.support.threads import answer
from tests.support.turns import turns
from tests.support.walk import cancel_everywhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.makers import MakeNode, Run


class Wait:
    """One of the functions: what a node waits for, and how another node brings it about."""

    def __init__(self, kind: str, node: Node) -> None:
        self._kind = kind
        self._node = node
        self.entity: Any = node
        match kind:
            case "service":
                self.entity = node.create_client(Trigger, "service")
            case "action":
                self.entity = ActionClient(node, Fibonacci, "action")
            case "subscribers":
                self.entity = node.create_publisher(Int64, "topic", 10)

    def __call__(self) -> Coroutine[Any, Any, None]:
        """Wait."""
        match self._kind:
            case "service":
                return aiorcl.service_ready(self.entity)
            case "action":
                return aiorcl.action_ready(self.entity)
            case "subscribers":
                return aiorcl.subscribers_ready(self.entity)
            case _:
                return aiorcl.node_ready(self._node, "awaited")

    def is_ready(self) -> bool:
        """Tell whether it is there, as rclpy says it."""
        match self._kind:
            case "service":
                return bool(self.entity.service_is_ready())
            case "action":
                return bool(self.entity.server_is_ready())
            case "subscribers":
                return bool(self.entity.get_subscription_count() == 1)
            case _:
                return "/awaited" in self._node.get_fully_qualified_node_names()

    def bring(self, context: Context) -> Callable[[], None]:
        """Bring it about; return what takes it back."""
        # With that service rclpy 11 keeps what was destroyed in the graph until it is collected.
        lean = [Parameter("start_type_description_service", value=False)]
        options: Any = {"start_parameter_services": False, "parameter_overrides": lean}
        other = Node("awaited", context=context, **options)
        match self._kind:
            case "service":
                other.create_service(Trigger, "service", answer)
            case "action":
                server = serve_action(other)

                def destroy() -> None:
                    server.destroy()
                    other.destroy_node()

                return destroy
            case "subscribers":
                other.create_subscription(Int64, "topic", lambda _: None, 10)
        return other.destroy_node


KINDS = ("service", "action", "subscribers", "node")
of_each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def wait(kind: str, lone: Node) -> Wait:
    """Something of ``lone`` to wait for."""
    return Wait(kind, lone)


@pytest.fixture
def elsewhere(context: Context) -> Iterator[Context]:
    """Another context of the same domain: another participant, that has to be discovered."""
    other = Context()
    rclpy.init(args=[], context=other, domain_id=context.get_domain_id())
    yield other
    other.try_shutdown()


@of_each_kind
def test_what_comes_later_is_awaited(
    run: Run, context: Context, lone: Node, elsewhere: Context, wait: Wait
) -> None:
    """Again and again, from another participant: no change of the graph gets lost."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            for _ in range(3):
                waiting = [asyncio.ensure_future(wait()) for _ in range(3)]
                await turns()
                assert not any(task.done() for task in waiting)
                take_back = await asyncio.to_thread(wait.bring, elsewhere)
                await asyncio.gather(*waiting)
                assert wait.is_ready()
                take_back()
                while wait.is_ready():  # noqa: ASYNC110
                    await asyncio.sleep(0)
            assert len(executor._followers) == 0

    run(main)


@of_each_kind
def test_what_is_there_is_not_waited_for(
    run: Run, context: Context, lone: Node, wait: Wait
) -> None:
    """The function returns at once, in the same turn of the loop."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            take_back = wait.bring(context)
            await wait()
            coroutine = wait()
            with pytest.raises(StopIteration):
                coroutine.send(None)
            take_back()

    run(main)


@of_each_kind
def test_a_wait_is_cancelled_at_every_point(
    run: Run, context: Context, lone: Node, wait: Wait
) -> None:
    """No task, thread, follower or use of the node is left."""

    async def once() -> None:
        take_back: list[Callable[[], None]] = []
        later = asyncio.get_running_loop().call_soon(lambda: take_back.append(wait.bring(context)))
        try:
            await wait()
        finally:
            later.cancel()
            for each in take_back:
                each()

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)

            def left() -> object:
                return len(executor._followers), Holdings.now().threads

            def begins_when() -> bool:
                return not wait.is_ready()

            assert await cancel_everywhere(once, left, begins_when=begins_when) >= 2

    run(main)


@of_each_kind
def test_nothing_polls(run: Run, context: Context, lone: Node, kind: str, wait: Wait) -> None:
    """While the graph stands still nothing is looked at."""

    looks = 0
    look, name = {
        "service": (wait.entity, "service_is_ready"),
        "action": (wait.entity, "server_is_ready"),
        "subscribers": (wait.entity, "get_subscription_count"),
        "node": (lone, "get_fully_qualified_node_names"),
    }[kind]
    looked = getattr(look, name)

    def counted() -> object:
        nonlocal looks
        looks += 1
        return looked()

    setattr(look, name, counted)

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            waiting = asyncio.ensure_future(wait())
            for _ in range(10):  # of real time, too
                await asyncio.to_thread(lone.get_topic_names_and_types)
                await turns(200)
            assert not waiting.done()
            # Before it watches the graph, after that, and for each change: of its own entities.
            assert 2 <= looks <= 2 + executor._dispatcher.callbacks
            assert executor._dispatcher.callbacks < 10
            waiting.cancel()

    run(main)


@ON_EITHER_THREAD
@pytest.mark.parametrize("way", ENDS)
@of_each_kind
def test_a_wait_ends_when_it_is_in_vain(
    run: Run, context: Context, lone: Node, kind: str, wait: Wait, way: str, thread: bool
) -> None:
    """Whatever happens to what waits, on whichever thread: an error says it."""
    if kind == "node" and way == "destroy":
        pytest.skip("That is destroy_node")

    async def main() -> None:
        async with contextlib.AsyncExitStack() as block:
            executor = await block.enter_async_context(AsyncioExecutor(context=context))
            executor.add_node(lone)
            waiting = asyncio.ensure_future(wait())
            await turns()
            await end(way, executor, lone, wait.entity, block=block, thread=thread)
            with pytest.raises(aiorcl.EntityGoneError):
                await waiting
            assert len(executor._followers) == 0

    run(main)


@of_each_kind
def test_a_wait_after_the_end_is_refused(
    run: Run, context: Context, lone: Node, wait: Wait
) -> None:
    """In the body, which goes on when the executor was shut down: it would wait for ever."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            executor.create_task(executor.shutdown)
            await executor.wait_for_shutdown()
            with pytest.raises(aiorcl.EntityGoneError, match="executor was shut down"):
                await wait()

    run(main)


@of_each_kind
def test_who_is_served_by_nobody_is_told(run: Run, context: Context, wait: Wait) -> None:
    """At once, with what to do."""

    async def main() -> None:
        with pytest.raises(RuntimeError, match="add_node"):
            await wait()
        async with AsyncioExecutor(context=context):
            with pytest.raises(RuntimeError, match="add_node"):
                await wait()

    run(main)


def test_several_subscribers_are_awaited(run: Run, context: Context, lone: Node) -> None:
    """As many as asked for."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            publisher = lone.create_publisher(Int64, "topic", 10)
            await aiorcl.subscribers_ready(publisher, 0)
            waiting = asyncio.ensure_future(aiorcl.subscribers_ready(publisher, 2))
            lone.create_subscription(Int64, "topic", lambda _: None, 10)
            await turns()
            assert not waiting.done()
            lone.create_subscription(Int64, "topic", lambda _: None, 10)
            await waiting

    run(main)


def test_names_of_nodes(run: Run, context: Context, make_node: MakeNode) -> None:
    """Full, or relative to the namespace of the node that looks; an impossible one is refused."""
    node = make_node(namespace="/robot")

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            await aiorcl.node_ready(node, node.get_name())
            await aiorcl.node_ready(node, node.get_fully_qualified_name())
            with pytest.raises(rclpy.exceptions.InvalidNodeNameException):
                await aiorcl.node_ready(node, "a node")
            with pytest.raises(rclpy.exceptions.InvalidNamespaceException):
                await aiorcl.node_ready(node, "//a")

    run(main)


def test_a_wait_in_a_callback(run: Run, context: Context, lone: Node) -> None:
    """A coroutine callback of the node itself waits, in a strict group."""

    async def main() -> None:
        client = lone.create_client(Trigger, "service")
        came = asyncio.Event()

        async def callback() -> None:
            timer.cancel()
            await aiorcl.service_ready(client)
            came.set()

        timer = lone.create_timer(0.0, callback)  # type: ignore[arg-type]
        async with AsyncioExecutor(context=context, strict_groups=True) as executor:
            executor.add_node(lone)
            asyncio.get_running_loop().call_later(
                0.01, lone.create_service, Trigger, "service", answer
            )
            await came.wait()

    run(main)
