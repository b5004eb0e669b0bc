# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What the core makes once in a process, wanted by two threads at a time.

from __future__ import annotations

from rclpy.context import Context

from tests.support.children import Ended, start


def test_two_threads_make_the_first_calls(context: Context) -> None:
    """Neither waits for the other, which may wait for the GIL, and the process goes on."""
    with start("first_calls", domain_id=context.get_domain_id()) as child:
        assert child.end() == Ended(0, "", "")
