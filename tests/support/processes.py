# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A process with pipes and a ROS domain, which does not outlive the block that has started it.

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

DEADLINE_SEC = 30.0


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    domain_id: int,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Start a command; it is killed if it has not ended when the block does."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, **(environment or {}), "ROS_DOMAIN_ID": str(domain_id)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


class Running:
    """A process with pipes; ``said`` is what it has written to stdout so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""

    def wait_for(self, words: str) -> str:
        """Read on until a line contains these words; return it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return line
        pytest.fail(f"It ended before {words!r}:\n{self.said}{self.end()}")

    def end(self) -> tuple[int, str]:
        """Wait for its end; its exit status, and what it wrote to stderr."""
        stdout, stderr = self.process.communicate(timeout=DEADLINE_SEC)
        self.said += stdout
        return self.process.returncode, stderr
