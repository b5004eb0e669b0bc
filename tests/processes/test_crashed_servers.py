# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A server that crashes and is started anew at once: the middleware finds out when its lease ends.

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from rclpy.action.client import ActionClient
from rclpy.context import Context
from test_msgs.action import Fibonacci

import aiorcl
from aiorcl import AsyncioExecutor
from aiorcl._coroutines.goals.server_watch import ServerWatch
from tests.support.children import Ended, start

if TYPE_CHECKING:
    from pathlib import Path

    from rclpy.node import Node

    from tests.support.makers import MakeNode

DEADLINE_SEC = 40.0

# Of Fast DDS: who crashes is not in the graph for 20 seconds more. Others keep their lease.
SHORT_LEASE = """<?xml version="1.0" encoding="UTF-8" ?>
<dds xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"><profiles>
  <participant profile_name="short_lease" is_default_profile="true"><rtps><builtin>
    <discovery_config>
      <leaseDuration><sec>2</sec></leaseDuration>
      <leaseAnnouncement><sec>0</sec><nanosec>300000000</nanosec></leaseAnnouncement>
    </discovery_config>
  </builtin></rtps></participant>
</profiles></dds>
"""


def servers_of(node: Node) -> int:
    """Count the servers that a node sees, also those that have crashed."""
    return len(node.get_publishers_info_by_topic("action/_action/status"))


@pytest.fixture
def short_lease(tmp_path: Path) -> dict[str, str]:
    """The environment of a process whose crash is soon noticed."""
    profiles = tmp_path / "profiles.xml"
    profiles.write_text(SHORT_LEASE)
    variables = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")
    return dict.fromkeys(variables, str(profiles))


def test_a_goal_outlasts_the_lease_of_a_server_that_crashed_before(
    context: Context,
    make_node: MakeNode,
    short_lease: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The parts of the old server go one by one; the new one has the goal all the time."""
    node, domain_id = make_node(), context.get_domain_id()
    one_left = asyncio.Event()
    look = ServerWatch.callback

    def note(watch: ServerWatch) -> None:
        look(watch)
        if servers_of(node) == 1:
            one_left.set()

    monkeypatch.setattr(ServerWatch, "callback", note)

    async def main() -> None:
        async with asyncio.timeout(DEADLINE_SEC), AsyncioExecutor(context=context) as executor:
            executor.add_node(node)
            client = ActionClient(node, Fibonacci, "action")
            with (
                start("action_server", domain_id=domain_id, environment=short_lease) as first,
                start("action_server", domain_id=domain_id) as second,
            ):
                first.tell("serve")
                await aiorcl.action_ready(client)
                second.hear_that("ready")
                second.tell("serve")
                while servers_of(node) < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                first.kill()
                async with aiorcl.goal(client, Fibonacci.Goal(order=3)) as running:
                    second.hear_that("begun")
                    await one_left.wait()
                    second.tell("succeed")
                    assert list((await running.result()).sequence) == [3]
                second.tell("end")
                assert second.end() == Ended(0, "", "")

    asyncio.run(main())
