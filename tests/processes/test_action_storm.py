# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Two processes: action servers and clients that come and go, and goals that are given up.

from __future__ import annotations

import json

import pytest
from action_msgs.msg import GoalStatus
from rclpy.context import Context

from tests.processes.programs.storm_of_clients import ROUNDS, TASKS
from tests.support.children import start

EACH = TASKS * ROUNDS


@pytest.mark.parametrize("loop", ["own", "uvloop"])
def test_a_storm_of_goals(context: Context, loop: str) -> None:
    """Every goal of the server that stays comes to its end, also one that was given up.

    And nothing is left on either side, of what stays and of what came and went.
    """
    domain_id = context.get_domain_id()
    with (
        start("storm_of_servers", loop, domain_id=domain_id) as servers,
        start("storm_of_clients", loop, domain_id=domain_id) as clients,
    ):
        servers.hear_that("ready")
        of_clients = json.loads(clients.hear())
        servers.tell("enough")
        ended = servers.end()
        assert (ended.status, ended.stderr) == (0, "")
        clients.tell("end")
        assert (clients.end().stderr) == ""
    assert of_clients == {
        f"status {GoalStatus.STATUS_SUCCEEDED}": EACH,
        f"status {GoalStatus.STATUS_CANCELED}": EACH,
        "given up": EACH,
        "destroyed": EACH,
        "fds": 0,
        "threads": 0,
        "tasks": 0,
        "feedback callbacks": 0,
    }
    of_servers = json.loads(ended.stdout)
    assert of_servers.pop("rounds") > 0
    goals = of_servers.pop("goals")
    assert of_servers == {"ended": goals, "fds": 0, "threads": 0}
    # A goal may be given up before it is sent.
    assert 2 * EACH <= goals <= 3 * EACH
