# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What ./dev refuses, before it installs anything.

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sourced", "--distro", "jazzy"], "takes the distro that is sourced"),
        (["--sourced", "--python", "3.12"], "takes the distro that is sourced"),
        (["--rmw", "rmw_cyclonedds_cpp"], "--rmw needs --sourced"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together(arguments: list[str], said: str) -> None:
    """None is passed over in silence."""
    done = subprocess.run(
        [sys.executable, "dev", "test", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert said in done.stderr
