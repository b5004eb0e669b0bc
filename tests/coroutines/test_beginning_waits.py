# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What is waited for goes while the wait begins: by a finalizer, as it makes the future it waits on.

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from rclpy.context import Context
from rclpy.node import Node
from std_msgs.msg import Int64
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor
from tests.support.turns import turns


class HookedLoop(asyncio.SelectorEventLoop):
    """Calls a hook, once, where a future is about to be made."""

    hook: Callable[[], object] | None = None

    def create_future(self) -> asyncio.Future[Any]:
        hook, self.hook = self.hook, None
        if hook is not None:
            hook()
        return super().create_future()


def begin(coroutine: Coroutine[Any, Any, Any], hook: Callable[[], object]) -> asyncio.Task[Any]:
    """Have a task wait, and the hook called when it makes its future."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HookedLoop)
    loop.hook = hook
    return loop.create_task(coroutine)


async def listen(stream: aiorcl.MessageStream[Any]) -> int:
    """Count what comes."""
    return len([message async for message in stream])


@pytest.mark.parametrize("way", ["close", "destroy", "destroy_node", "remove_node", "shutdown"])
@pytest.mark.parametrize("wait", ["stream", "service_ready"])
def test_what_is_waited_for_goes(context: Context, lone: Node, wait: str, way: str) -> None:
    """The wait ends, as it does later."""
    if (wait, way) in (("service_ready", "close"), ("service_ready", "shutdown")):
        pytest.skip("There is nothing to close; and coroutines that clean up may still wait")

    async def main() -> None:
        client = lone.create_client(Trigger, "nobody")
        stream = aiorcl.messages(lone, Int64, "silent")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            ways: dict[str, Callable[[], object]] = {
                "close": stream.close,
                "destroy": lambda: (stream.subscription if wait == "stream" else client).destroy(),
                "destroy_node": lone.destroy_node,
                "remove_node": lambda: executor.remove_node(lone),
                "shutdown": executor.shutdown,
            }
            if wait == "stream":
                assert await begin(listen(stream), ways[way]) == 0
            else:
                with pytest.raises(aiorcl.EntityGoneError):
                    await begin(aiorcl.service_ready(client), ways[way])

    with asyncio.Runner(loop_factory=HookedLoop) as runner:
        runner.run(main())


def test_a_message_comes(context: Context, lone: Node) -> None:
    """It is taken at once, and the next one is waited for."""

    async def main() -> None:
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            async with aiorcl.messages(lone, Int64, "topic") as stream:
                feed: Any = stream._opened()
                task = begin(anext(stream), lambda: feed.put(Int64(data=1)))
                assert (await task).data == 1
                task = begin(anext(stream), lambda: None)
                await turns()
                feed.put(Int64(data=2))
                assert (await task).data == 2

    with asyncio.Runner(loop_factory=HookedLoop) as runner:
        runner.run(main())


def test_the_call_before_ends(context: Context, lone: Node) -> None:
    """Who waits for the turn of its call has it then."""

    async def main() -> None:
        client = lone.create_client(Trigger, "nobody")
        async with AsyncioExecutor(context=context) as executor:
            executor.add_node(lone)
            first = aiorcl.call(client, Trigger.Request())
            first.send(None)  # it waits for the server, and nobody steps it any more
            second = begin(aiorcl.call(client, Trigger.Request()), first.close)
            await turns()
            lone.create_service(Trigger, "nobody", lambda request, response: response)
            await second

    with asyncio.Runner(loop_factory=HookedLoop) as runner:
        runner.run(main())
