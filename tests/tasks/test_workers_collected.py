# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An executor is collected while a thread waits for what an executor brings.

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING

import pytest
import rclpy
from rclpy.context import Context
from std_srvs.srv import Trigger

from aiorcl import AsyncioExecutor
from aiorcl._tasks.worker_call import Call
from tests.support.counters import wait_until_asleep

if TYPE_CHECKING:
    from tests.support.makers import MakeNode, Run

DEADLINE_SEC = 10.0


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("node_is", ["on it", "kept by it", "on none", "on another"])
def test_a_call_ends_with_the_executor_of_its_node(
    context: Context, make_node: MakeNode, node_is: str
) -> None:
    """And with none that has nothing to do with it."""
    node, server = make_node(), make_node()
    server.create_service(Trigger, "service", lambda _, response: response)
    client = node.create_client(Trigger, "service")
    other = AsyncioExecutor(context=context)
    ended: list[str] = []

    def call() -> None:
        try:
            client.call(Trigger.Request())
        except asyncio.CancelledError:
            ended.append("cancelled")
        else:
            ended.append("answered")

    def wait_and_make_garbage() -> threading.Thread:
        executor = AsyncioExecutor(context=context)
        other.add_node(node)  # which the call holds then, for as long as it waits
        thread = threading.Thread(target=call)
        thread.start()
        assert thread.native_id is not None
        wait_until_asleep(thread.native_id)
        if node_is == "on it":
            executor.add_node(node)
        elif node_is == "kept by it":
            rclpy.spin_once(node, executor=executor, timeout_sec=0)
        elif node_is == "on none":
            node.executor = None  # type: ignore[assignment]
        cycle = [executor]
        cycle.append(cycle)  # type: ignore[arg-type]
        return thread

    thread = wait_and_make_garbage()
    gc.collect()
    if node_is in ("on it", "kept by it"):
        thread.join(DEADLINE_SEC)
        assert ended == ["cancelled"]
        other.shutdown()
        return
    assert ended == []
    other.add_node(node)
    other.add_node(server)
    while thread.is_alive():
        other.spin_once(timeout_sec=0.01)
    assert ended == ["answered"]
    other.shutdown()


def test_a_call_that_has_run_holds_no_executor(run: Run) -> None:
    """The worker's thread may hold it longer than whoever has waited for its end."""

    class Ending:
        def has_come(self) -> bool:
            return False

    async def main() -> None:
        ending = Ending()
        call, dropped = Call(lambda: None, is_in_vain=ending.has_come), weakref.ref(ending)
        call.run()
        del ending
        assert dropped() is None

    run(main)
