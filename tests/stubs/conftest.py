# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Stubs of all that is installed, and type checkers that read them.

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aiorcl.cli import main
from tests.support.interfaces import Check, installed_packages


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the stubs of rclpy and of all interface packages."""
    output = tmp_path_factory.mktemp("stubs")
    assert main(["stubs", "rclpy", *installed_packages(), "--output", str(output)]) == 0
    return output


@pytest.fixture(scope="session")
def check(stubs: Path, tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Run mypy, or its stubtest, with the stubs; what it says, without what it sums up."""
    cache = tmp_path_factory.mktemp("cache")

    def run(*arguments: str | Path, tool: str = "mypy") -> str:
        paths = [str(stubs), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        environment["MYPY_CACHE_DIR"] = str(cache)
        command = [sys.executable, "-m", tool, *map(str, arguments)]
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, cwd=cache, check=False
        )
        assert not result.stderr, result.stderr
        return result.stdout

    return run
