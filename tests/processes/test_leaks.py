# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Nothing leaks: what is made and destroyed a thousand times leaves the process as it was.

from __future__ import annotations

import json

import pytest
from rclpy.context import Context

from tests.support.children import start
from tests.support.loops import LOOPS

ENTITIES = ("publisher", "subscription", "service", "timer", "guard_condition")
KINDS = (
    *ENTITIES,
    "qos_event",
    "task",
    "future",
    "call",
    "stream",
    "wait",
    "exception",
    "goal",
    "waitable",
    "sleep",
    "worker",
)
# As long as the machine needs for so much work: 12 s of a processor of its own for the longest.
pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

#: For each round; rclpy alone keeps up to 800 bytes of an entity that was destroyed, an entity of
#: ours with its callback takes more than this.
LIMIT = 1500


def gained(context: Context, kind: str, rounds: int, loop: str) -> dict[str, int]:
    """Count what so many rounds have added to a process that had done as many before."""
    with start("leaks", kind, loop, rounds, domain_id=context.get_domain_id()) as child:
        ended = child.end()
    assert (ended.status, ended.stderr) == (0, "")
    counted: dict[str, int] = json.loads(ended.stdout)
    return counted


@pytest.mark.parametrize("rounds", [400, pytest.param(1000, marks=pytest.mark.long)])
@pytest.mark.parametrize("kind", KINDS)
def test_many_rounds_leave_nothing(context: Context, kind: str, rounds: int) -> None:
    """Many of a kind, made and used and destroyed, leave no descriptor, thread or memory."""
    counted = gained(context, kind, rounds, "own")
    if counted["bytes"] >= rounds * LIMIT:
        # A pool of memory for a thread may come at any time, on a busy machine; a leak comes again.
        counted = gained(context, kind, rounds, "own")
    assert counted.pop("bytes") < rounds * LIMIT
    assert counted == {"fds": 0, "threads": 0, "tasks": 0}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_hundred_executors_leave_nothing(context: Context, loop: str) -> None:
    """A hundred executors, each on a loop of its own, with a timer, a task and a node.

    One that stayed would keep its loop, its dispatcher and its tasks: some 30 kilobytes.
    """
    counted = gained(context, "executor", 100, loop)
    assert counted.pop("bytes") < 100 * 10_000
    assert counted == {"fds": 0, "threads": 0, "tasks": 0}


@pytest.mark.parametrize("kind", ["node", "action"])
def test_no_more_is_left_than_without_executor(context: Context, kind: str) -> None:
    """Two hundred nodes, or actions, on an executor cost no more than some that never saw one.

    The middleware keeps tens of kilobytes of each node that was destroyed, and of an action what it
    keeps of its eight entities.
    """
    counted = gained(context, kind, 200, "own")
    alone = gained(context, f"lone_{kind}", 200, "own")
    assert counted.pop("bytes") - alone.pop("bytes") < 200 * 2 * LIMIT
    assert counted == {"fds": 0, "threads": 0, "tasks": 0}
