# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What keeps examples/dashboard from holding up its loop.

from __future__ import annotations

import asyncio
import gc
import json
from unittest import mock

import pytest

from tests.support import examples

pytestmark = pytest.mark.once


def test_a_visitor_who_comes_does_not_hold_up_the_loop() -> None:
    """Ten seconds of each topic are a frame of their own, and the loop has its turn after it."""
    live = examples.load("dashboard", "dashboard.live")
    state = examples.load("dashboard", "dashboard.operator")
    topics = ["odom", "imu", "scan"]
    monitors = [mock.Mock(topic=topic, samples=[(1.23456, 2.0)] * 3, count=3) for topic in topics]
    for monitor in monitors:
        monitor.state.return_value = {}
    seen = live.Live(
        monitors,
        mock.Mock(latest=None),
        mock.Mock(spec=state.Motors, on=True),
        mock.Mock(spec=state.Patrols, state=dict),
    )
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def visit() -> None:
        counting = asyncio.create_task(count())
        with seen.visit() as frames:
            assert json.loads(await anext(frames))["motors_on"]
            for number, topic in enumerate(topics):
                samples = {topic: [[1.235, 2.0]] * 3}
                assert json.loads(await anext(frames)) == {"samples": samples}
                assert turns >= number
            seen.tell("what comes")
            assert await anext(frames) == "what comes"
        counting.cancel()

    asyncio.run(visit())


def test_the_collector_leaves_alone_what_is_there_at_the_start() -> None:
    """A full collection of all that a web framework has imported holds up the loop, too."""
    with examples.load("dashboard", "dashboard.main").imports_frozen():
        assert gc.get_freeze_count() > len(gc.get_objects())
    assert gc.get_freeze_count() == 0
