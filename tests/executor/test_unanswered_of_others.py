# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What a task asks that an end does not wait for is not that end's to give up.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from rclpy.context import Context
from std_srvs.srv import Trigger

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._serving.unanswered import Unanswered

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

LOOKS = 4  # more than it takes to give a request up


def test_a_node_moves_while_an_unrelated_executor_ends(
    run: Run, context: Context, make_node: MakeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task of the user's waits for an answer, which the next executor of the node hears."""
    server, asker = make_node(), make_node()
    client = asker.create_client(Trigger, "service")
    look = Unanswered._look
    looks = 0

    async def main() -> None:
        looked, answers, begun = (asyncio.Event() for _ in range(3))

        def look_and_tell(self: Unanswered) -> None:
            nonlocal looks
            look(self)
            looks += 1
            if looks == LOOKS:
                looked.set()

        async def serve(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            await answers.wait()
            response.success = True
            return response

        async def cleans_up() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await looked.wait()

        async def ask() -> bool:
            return bool((await client.call_async(Trigger.Request())).success)

        server.create_service(Trigger, "service", serve)
        async with AsyncioExecutor(context=context) as serving:
            serving.add_node(server)
            async with AsyncioExecutor(context=context) as first:
                first.add_node(asker)
                await aiorcl.service_ready(client)
                asking = asyncio.create_task(ask())
                await asyncio.sleep(0)
            monkeypatch.setattr(Unanswered, "_look", look_and_tell)
            async with AsyncioExecutor(context=context) as unrelated:
                unrelated.create_task(cleans_up)
                await begun.wait()
            assert looks >= LOOKS
            async with AsyncioExecutor(context=context) as second:
                second.add_node(asker)
                answers.set()
                assert await asking

    run(main)
