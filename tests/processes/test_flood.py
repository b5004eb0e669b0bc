# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# No deadlock: a flood from three processes, while callbacks do all that callbacks may do.

from __future__ import annotations

import contextlib
import json

import pytest
from rclpy.context import Context

from tests.support.children import start

pytestmark = pytest.mark.once

SENDERS = 3


def flood(context: Context, loop: str, seconds: float) -> None:
    """Let three processes flood a fourth, and see that it gets every paced message."""
    # Who hangs says where before the test is killed. What the flood made the middleware lose is
    # repaired after it, at the next of its heartbeats, which are 3 s apart.
    deadline = seconds + 45
    domain_id = context.get_domain_id()
    with contextlib.ExitStack() as running:
        receiver = running.enter_context(
            start("flood_receiver", loop, SENDERS, deadline, domain_id=domain_id)
        )
        senders = [
            running.enter_context(
                start("flood_sender", number, seconds, deadline, domain_id=domain_id)
            )
            for number in range(SENDERS)
        ]
        receiver.tell(" ".join(sender.hear() for sender in senders))
        ended = receiver.end()
        assert (ended.status, ended.stderr) == (0, "")
        for sender in senders:
            sender.tell("received")
            sent = sender.end()
            assert (sent.status, sent.stderr) == (0, "")
    counted = json.loads(ended.stdout)
    assert counted.pop("in_order") == [True] * SENDERS
    assert all(counted.values()), counted


@pytest.mark.parametrize("loop", ["own", "uvloop"])
def test_a_flood_from_three_processes(context: Context, loop: str) -> None:
    """Every reliable message of the paced topics arrives in order, and every callback has run."""
    flood(context, loop, seconds=4)


@pytest.mark.long
@pytest.mark.timeout(150)
@pytest.mark.parametrize("loop", ["own", "stock", "uvloop"])
def test_a_long_flood_from_three_processes(context: Context, loop: str) -> None:
    """The same for a minute."""
    flood(context, loop, seconds=60)
