# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# A process with pipes and a ROS domain, which does not outlive the block that has started it.

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path


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
