# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# An idle executor makes no wake-ups.

from __future__ import annotations

import contextlib
import json

from tests.support import network
from tests.support.children import start
from tests.support.loops import LOOPS

SECONDS = 3


def test_an_idle_executor_wakes_up_for_its_timers_only() -> None:
    """Of 50 subscriptions and 10 one-second timers only the timers wake the loop.

    The thread that waits for guard conditions is not woken at all. Timers that are due at the
    same time may share a wake-up.
    """
    with contextlib.ExitStack() as running:
        children = {
            loop: running.enter_context(start("idle", loop, SECONDS, domain_id=network.domain_id()))
            for loop in LOOPS
        }
        for loop, child in children.items():
            ended = child.end()
            assert (loop, ended.status, ended.stderr) == (loop, 0, "")
            counted = json.loads(ended.stdout)
            assert counted["threads"] == 2, f"{loop}: the loop's thread and the guard thread"
            assert counted["calls"] == 10 * SECONDS, loop
            assert counted["loop"] <= counted["calls"], loop
            assert counted["others"] == 0, loop
