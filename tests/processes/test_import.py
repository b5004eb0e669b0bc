# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The import of the extension, when it is interrupted.

from __future__ import annotations

from rclpy.context import Context

from tests.support.children import start


def test_ctrl_c_during_the_import(context: Context) -> None:
    """It is a KeyboardInterrupt at whichever point, and the next import is whole."""
    with start("interrupted_import", domain_id=context.get_domain_id()) as program:
        ended = program.end()
    assert (ended.status, ended.stderr) == (0, "")
    *interrupted, whole = ended.stdout.splitlines()
    assert whole == f"status 0, aiorcl after {len(interrupted)} calls"
    assert len(interrupted) > 3
    for line in interrupted:
        assert line.startswith("status 0, KeyboardInterrupt in "), line
        assert line.endswith("; then it works, and 1 callback ran"), line
    # Where nanobind runs code of its own.
    assert any("<internal>" in line for line in interrupted)
