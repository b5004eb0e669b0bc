# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Compiles the C++ loops against the ROS that Python imports, and loads them.

They are a library, not a program: in the PyPI wheels librcl needs symbols of a running Python.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parent / "native" / "loops.cpp"
BUILD = Path(__file__).parent.parent / "build" / "benchmarks"


class CompileError(RuntimeError):
    """The C++ loops cannot be built here."""


class Log(ctypes.Structure):
    """``Log`` of loops.cpp."""

    _fields_ = (
        ("samples", ctypes.c_void_p),
        ("capacity", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("stop", ctypes.c_int32),
    )


class Entities(ctypes.Structure):
    """``Entities`` of loops.cpp."""

    _fields_ = (
        ("context", ctypes.c_void_p),
        ("guard", ctypes.c_void_p),
        ("subscriptions", ctypes.POINTER(ctypes.c_void_p)),
        ("timers", ctypes.POINTER(ctypes.c_void_p)),
        ("service", ctypes.c_void_p),
        ("client", ctypes.c_void_p),
        ("subscription_count", ctypes.c_size_t),
        ("timer_count", ctypes.c_size_t),
        ("stamped", ctypes.c_void_p),
    )


def pointers(addresses: list[int]) -> ctypes.Array[ctypes.c_void_p]:
    """Make a C array of pointers."""
    return (ctypes.c_void_p * len(addresses))(*addresses)


def ros_message(cls: type) -> int:
    """Make a C struct of a message class, for the rest of the process; give its address."""
    type(cls).__import_type_support__()  # type: ignore[attr-defined]  # of every message class
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_void_p]
    create = get_pointer(type(cls)._CREATE_ROS_MESSAGE, None)  # type: ignore[attr-defined]
    return int(ctypes.CFUNCTYPE(ctypes.c_void_p)(create)())


def load() -> ctypes.CDLL:
    """Load the loops; rclpy must have been imported. They run without the GIL."""
    loops = ctypes.CDLL(str(library()))
    array = ctypes.POINTER(ctypes.c_void_p)
    loops.ping_pong.argtypes = [array, array, ctypes.POINTER(Log)]
    loops.spin.argtypes = [ctypes.POINTER(Entities), ctypes.POINTER(Log)]
    loops.publish.argtypes = [array, ctypes.c_size_t, ctypes.c_int64]
    loops.publish_serialized.argtypes = [
        *(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64)
    ]
    return loops


@functools.cache
def library() -> Path:
    """Give the path of the compiled library, building it when it is not there.

    :raises CompileError: if there is no compiler, no ROS, or the compiler fails.
    """
    compiler = os.getenv("CXX") or shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        raise CompileError("No C++ compiler found: install g++, or set CXX")
    prefix = ros_prefix()
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [compiler, "-std=c++17", "-O2", *warnings, "-shared", "-fPIC", str(SOURCE)]
    command += [f"-isystem{folder}" for folder in sorted((prefix / "include").iterdir())]
    command += [f"-L{prefix / 'lib'}", "-lrcl", "-lrcutils", "-Wl,--allow-shlib-undefined"]
    digest = hashlib.sha256("\0".join(command).encode() + SOURCE.read_bytes()).hexdigest()
    built = BUILD / f"loops-{digest[:16]}.so"
    if not built.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        partial = built.with_suffix(f".{os.getpid()}")
        done = subprocess.run([*command, "-o", str(partial)], capture_output=True, text=True)
        if done.returncode:
            raise CompileError(f"Cannot compile {SOURCE.name}:\n{done.stderr}")
        partial.rename(built)
    return built


def ros_prefix() -> Path:
    """Give the folder whose include/ and lib/ are those of the ROS that Python imports."""
    prefixes = [Path(folder) for folder in os.getenv("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    try:
        wheel = importlib.metadata.distribution("ros-rcl").locate_file("../../..")
        prefixes.append(Path(str(wheel)).resolve())
    except importlib.metadata.PackageNotFoundError:
        prefixes.append(Path(sys.prefix))
    for prefix in prefixes:
        if (prefix / "include" / "rcl").is_dir():
            return prefix
    raise CompileError("No headers of rcl found: source ROS 2, or install aiorcl[kilted]")
