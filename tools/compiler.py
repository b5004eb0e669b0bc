# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What the C++ compiler of this machine can do, and what is said where there is none.

from __future__ import annotations

import os
import subprocess

import nox


def compiles(source: str) -> bool:
    """Whether the C++ compiler accepts this source."""
    command = [*os.environ.get("CXX", "c++").split(), "-x", "c++", "-fsyntax-only", "-"]
    return subprocess.run(command, input=source.encode(), capture_output=True).returncode == 0


def build_without_compiler(session: nox.Session) -> None:
    """See that a build on a machine without a compiler says what to install."""
    said = session.run(
        *("cmake", "-S.", f"-B{session.create_tmp()}", "-GNinja"),
        env={"PATH": session.bin, "CXX": None},
        success_codes=[1],
        silent=True,
    )
    if "apt install g++" not in str(said):
        session.error(f"A build without a compiler does not say what to install:\n{said}")
