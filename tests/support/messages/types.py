# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Every message class that is installed: of messages, services and actions.

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

KINDS = ("msg", "srv", "action")


def is_message(cls: object) -> bool:
    """Whether rosidl has generated this class for a message."""
    return isinstance(cls, type) and hasattr(type(cls), "_CONVERT_TO_PY") and cls is not type(cls)


def declared_in(module: ModuleType) -> Iterator[type]:
    """List the message classes of the module of one .msg, .srv or .action file."""
    for value in vars(module).values():
        if is_message(value) and value.__module__ == module.__name__:
            yield value


def interface_packages() -> set[str]:
    """Name the packages on Python's path that hold generated code of rosidl.

    Not by ament's index, which needs a sourced ROS: the wheels have none.
    """
    libraries = (Path(folder).glob("*/*_s__rosidl_typesupport_c*.so") for folder in sys.path)
    return {library.parent.name for found in libraries for library in found}


@functools.cache
def message_classes() -> tuple[Any, ...]:
    """List all message classes of all interface packages, in a fixed order."""
    found: dict[str, type] = {}
    for package in interface_packages():
        for kind in KINDS:
            try:
                namespace = importlib.import_module(f"{package}.{kind}")
            except ModuleNotFoundError:
                continue  # it has none of these
            for path in sorted(Path(str(namespace.__file__)).parent.glob("_*.py")):
                if path.stem == "__init__":
                    continue
                for cls in declared_in(
                    importlib.import_module(f"{namespace.__name__}.{path.stem}")
                ):
                    found[name_of(cls)] = cls
    return tuple(found[name] for name in sorted(found))


def name_of(cls: type) -> str:
    """Name a class as ROS does: std_msgs/msg/String, test_msgs/action/Fibonacci_Goal."""
    package, kind, _ = cls.__module__.split(".", 2)
    return f"{package}/{kind}/{cls.__name__}"
