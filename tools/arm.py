# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The events layer on ARM: robots are aarch64, which keeps no order of memory by itself.

from __future__ import annotations

import shutil
from pathlib import Path

import nox

from tools.compiler import compiles
from tools.environments import BUILD, headers, install
from tools.sources import tracked

COMPILER = (
    *("aarch64-linux-gnu-g++", "-std=c++17", "-O2", "-pthread"),
    *("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"),
)
# The queue, what wakes its consumer, and their tests.
SOURCES = (
    *(f"tests/core/{name}.cpp" for name in ("main", "before_write", "test_ready_queue")),
    *("tests/core/test_wakeup.cpp", "src/core/events/ready_queue.cpp"),
    "src/core/events/wakeup.cpp",
)


def test_on_arm(session: nox.Session) -> None:
    """Compile all sources; link and run, by QEMU, the tests that need no ROS."""
    missing = [tool for tool in (*COMPILER[:1], "qemu-aarch64") if not shutil.which(tool)]
    if missing or not compiles("#include <doctest/doctest.h>"):
        session.skip("It needs Debian's g++-aarch64-linux-gnu, qemu-user and doctest-dev")
    install(session, *headers())
    build = BUILD / "arm"
    build.mkdir(parents=True, exist_ok=True)
    # Alone, or the headers of this machine's libc come with it.
    doctest = build / "doctest"
    if not doctest.exists():
        doctest.symlink_to("/usr/include/doctest")
    includes = [f"-isystem{build}", "-Isrc/core"]
    of_ros = Path(session.virtualenv.location) / "include"
    includes += (f"-isystem{folder}" for folder in sorted(of_ros.iterdir()) if folder.is_dir())
    for source in tracked("src/core/events/*.cpp"):
        session.run(*COMPILER, *includes, "-c", source, "-o/dev/null", external=True)
    program = str(build / "tests")
    session.run(
        *(*COMPILER, *includes, "-static", "-Wl,--wrap=write", *SOURCES, "-o", program),
        external=True,
    )
    session.run("qemu-aarch64", program, external=True)
