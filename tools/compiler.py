# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What the C++ compiler of this machine can do.

from __future__ import annotations

import os
import subprocess


def compiles(source: str) -> bool:
    """Whether the C++ compiler accepts this source."""
    command = [*os.environ.get("CXX", "c++").split(), "-x", "c++", "-fsyntax-only", "-"]
    return subprocess.run(command, input=source.encode(), capture_output=True).returncode == 0
