# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of examples/migration: what was moved over says what it said before.

import difflib

import pytest
import rclpy.experimental

from tests.support import examples, network

pytestmark = pytest.mark.once

BATTERY = ["battery: 22 %", "battery: 21 %", "battery: 20 %", "docked"]
PARCELS = [f"parcel {number}: gripped" for number in (1, 2, 3)]
ASYNC_NODE = pytest.mark.skipif(
    not hasattr(rclpy.experimental, "AsyncNode"), reason="this rclpy has no AsyncNode"
)


@pytest.mark.parametrize(
    ("program", "lines"),
    [
        ("single_before", BATTERY),
        ("single_after", BATTERY),
        ("single_async", BATTERY),
        ("multi_before", PARCELS),
        ("multi_after", PARCELS),
        ("multi_async", PARCELS),
        pytest.param("async_node_before", BATTERY, marks=ASYNC_NODE),
        ("async_node_after", BATTERY),
    ],
)
def test_says_the_same(program: str, lines: list[str]) -> None:
    """A program before and those after it print the same lines."""
    printed = examples.output(
        "migration",
        f"migration.{program}",
        domain_id=network.domain_id(),
        # Its executor shuts down beside a timer's callback, and rclpy may say that nobody fetched
        # what that raised.
        silent=program != "multi_before",
    )
    assert printed.splitlines() == lines


def test_two_lines_change() -> None:
    """Coming from SingleThreadedExecutor the import and the making of the executor change."""
    before, after = (
        (examples.EXAMPLES / "migration" / "migration" / f"single_{when}.py").read_text()
        for when in ("before", "after")
    )
    added = [
        line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] == "+"
    ]
    comment, *code = added
    assert comment.startswith("+ # After")
    assert code == ["+ from aiorcl import AsyncioExecutor", "+     executor = AsyncioExecutor()"]
