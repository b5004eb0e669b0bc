# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Callbacks that run the loop they run on: a library may let them, and then they are answered.

from __future__ import annotations

import pytest
from rclpy.context import Context

from tests.support.children import Ended, start


@pytest.mark.parametrize("way", ["block", "spin", "spin_once"])
@pytest.mark.parametrize("loop", ["own", "stock"])  # uvloop refuses it
def test_a_callback_runs_the_loop(context: Context, way: str, loop: str) -> None:
    """It gets what it waits for, and asyncio logs no error."""
    with start("nested", way, loop, domain_id=context.get_domain_id()) as child:
        assert child.end() == Ended(0, "timer: answered\nsubscription: answered\n", "")
