# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Compiles the C++ programs against the ROS that Python imports, once per version of both."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parent / "native"
BUILD = Path(__file__).parent.parent / "build" / "benchmarks"
FLOOR_WORKLOADS = ("pingpong",)
LIBRARIES = (
    "rcl",
    "rcutils",
    "rosidl_runtime_c",
    "std_msgs__rosidl_typesupport_c",
    "std_msgs__rosidl_generator_c",
    "std_srvs__rosidl_typesupport_c",
    "std_srvs__rosidl_generator_c",
)


class CompileError(RuntimeError):
    """A C++ program cannot be built here."""


@functools.cache
def program(name: str) -> Path:
    """Give the path of the compiled program ``native/<name>.cpp``, building it when it is not there.

    :raises CompileError: if there is no compiler, no ROS, or the compiler fails.
    """
    compiler = os.getenv("CXX") or shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        raise CompileError("No C++ compiler found: install g++, or set CXX")
    prefix = ros_prefix()
    command = [compiler, "-std=c++17", "-O2", "-Wall", "-Wextra", str(SOURCES / f"{name}.cpp")]
    command += [f"-isystem{folder}" for folder in sorted((prefix / "include").iterdir())]
    command += [f"-L{prefix / 'lib'}", f"-Wl,-rpath,{prefix / 'lib'}"]
    command += [*(f"-l{library}" for library in LIBRARIES), "-Wl,--allow-shlib-undefined"]
    digest = hashlib.sha256("\0".join(command).encode())
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.read_bytes())
    built = BUILD / f"{name}-{digest.hexdigest()[:16]}"
    if not built.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        partial = built.with_suffix(f".{os.getpid()}")
        done = subprocess.run([*command, "-o", str(partial)], capture_output=True, text=True)
        if done.returncode:
            raise CompileError(f"Cannot compile {name}.cpp:\n{done.stderr}")
        partial.rename(built)
    return built


def ros_prefix() -> Path:
    """Give the folder whose include/ and lib/ are those of the ROS that Python imports."""
    sourced = [Path(folder) for folder in os.getenv("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    try:
        wheel = importlib.metadata.distribution("ros-rcl").locate_file("../../..")
        installed = [Path(str(wheel)).resolve()]
    except importlib.metadata.PackageNotFoundError:
        installed = []
    for prefix in [*sourced, *installed, Path(sys.prefix)]:
        if (prefix / "include" / "rcl").is_dir():
            return prefix
    raise CompileError("No headers of rcl found: source ROS 2, or install aiorcl[kilted]")
