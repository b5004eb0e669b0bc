# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A node moves on and on between executors of several threads, while another process talks to it.

from __future__ import annotations

import contextlib
import itertools
import threading
from typing import TYPE_CHECKING, Any

import pytest
from rclpy.context import Context
from rclpy.executors import Executor, SingleThreadedExecutor
from std_msgs.msg import Int64
from test_msgs.srv import BasicTypes

from aiorcl import AsyncioExecutor
from tests.processes.programs.partner_of_movers import DEPTH
from tests.support.children import start
from tests.support.elsewhere import Arrivals, Elsewhere

if TYPE_CHECKING:
    from tests.support.makers import MakeNode

pytestmark = pytest.mark.once

COUNT = 1500


@pytest.mark.parametrize("movers", [1, 2])
@pytest.mark.parametrize(
    "kinds",
    [
        (AsyncioExecutor, AsyncioExecutor),
        (AsyncioExecutor, AsyncioExecutor, AsyncioExecutor),
        (AsyncioExecutor, SingleThreadedExecutor),
    ],
    ids=["two", "three", "rclpys"],
)
def test_each_message_is_handled_once(
    context: Context, make_node: MakeNode, kinds: tuple[type[Executor], ...], movers: int
) -> None:
    """All messages and requests come, in order, though the node moves from thread to thread."""
    node = make_node()
    arrivals = Arrivals()
    triggers = Arrivals()

    def answer(request: Any, response: Any) -> Any:
        response.int64_value = request.int64_value
        return response

    node.create_subscription(Int64, "topic", lambda m: arrivals.add(m.data), DEPTH)
    node.create_service(BasicTypes, "service", answer)
    node.create_timer(0.001, lambda: None)
    guard = node.create_guard_condition(lambda: triggers.add(None))
    ended = threading.Event()
    moves = itertools.count()

    def move(executors: list[Elsewhere]) -> None:
        for each in itertools.cycle(executors):
            if ended.is_set():
                return
            each.executor.add_node(node)
            next(moves)

    with contextlib.ExitStack() as stack:
        executors = [stack.enter_context(Elsewhere(cls(context=context))) for cls in kinds]
        partner = stack.enter_context(
            start("partner_of_movers", COUNT, domain_id=context.get_domain_id())
        )
        threads = [
            threading.Thread(target=move, args=(executors[n:] + executors[:n],))
            for n in range(movers)
        ]
        for thread in threads:
            thread.start()
        asked = int(partner.hear())
        arrivals.wait(lambda what: len(what) >= COUNT)
        ended.set()
        for thread in threads:
            thread.join()
        executors[0].executor.add_node(node)
        before = len(triggers.all)
        guard.trigger()
        triggers.wait(lambda what: len(what) > before)
        partner.tell("received")
        done = partner.end()
        assert (done.status, done.stderr) == (0, "")
    if SingleThreadedExecutor in kinds:  # which may have taken one that it calls back later
        arrivals.all.sort()
    assert arrivals.what == list(range(COUNT))
    assert asked > 1
    assert next(moves) > 100
