# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The interfaces of an installed package: its messages, services and actions."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from aiorcl._stubs.errors import StubsError

KINDS = ("msg", "srv", "action")


@dataclass
class Interface:
    """A file of a package: a message, a service or an action."""

    #: ``"std_msgs.msg._string"``.
    module: str
    #: The class that users import.
    cls: Any
    #: The names of it, and of others of the file, in the package.
    exported: list[str]
    #: All message classes of the file by their names, ``"Trigger_Request"``.
    messages: dict[str, Any]


@dataclass
class Package:
    """An interface package."""

    name: str
    #: By kind, in the order of the generated code.
    interfaces: dict[str, list[Interface]] = field(default_factory=dict)


def find_package(name: str) -> Package:
    """Read the generated classes of a package.

    :raises StubsError: if there is none of the name, or it has no interfaces.
    """
    if not name.isidentifier():
        first = name.replace("/", ".").partition(".")[0]
        meant = f"; did you mean '{first}'?" if first.isidentifier() and first != name else ""
        raise StubsError(f"'{name}' is not the name of a package, such as std_msgs{meant}")
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        found = None
    if found is None or found.origin is None:  # a folder of its sources, perhaps
        raise StubsError(f"no package '{name}' is installed here{_what_to_do(name)}")
    package = Package(name)
    for kind in KINDS:
        module = _import(name, kind)
        if module is not None:
            package.interfaces[kind] = list(_interfaces_of(module))
    if not any(package.interfaces.values()):
        raise StubsError(
            f"'{name}' has no messages, services or actions: stubs are written of the packages "
            "that define some, such as std_msgs, and of rclpy"
        )
    return package


def _import(package: str, kind: str) -> ModuleType | None:
    name = f"{package}.{kind}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == name:
            return None
        missing = error.name
    except Exception as error:
        raise StubsError(f"'{name}' cannot be imported: {error!r}") from error
    if missing == package or f"{package}." in f"{missing}.":
        return None  # the package is a module
    raise StubsError(
        f"'{name}' cannot be imported, because there is no '{missing}'{_what_to_do(missing or '')}"
    )


def _interfaces_of(module: ModuleType) -> Iterator[Interface]:
    files: dict[str, list[type]] = {}
    for name, cls in vars(module).items():
        if isinstance(cls, type) and cls.__name__ == name:
            files.setdefault(cls.__module__, []).append(cls)
    for file, exported in files.items():
        messages = {
            name: found
            for name, found in vars(sys.modules[file]).items()
            if hasattr(found, "SLOT_TYPES")
        }
        # That of a message, a service or an action is the one whose name begins all others.
        cls = min(exported, key=lambda each: len(each.__name__))
        if messages:
            yield Interface(file, cls, [each.__name__ for each in exported], messages)


def _what_to_do(name: str) -> str:
    close = difflib.get_close_matches(name, sorted(interface_packages()), n=1, cutoff=0.8)
    if close:
        return f"; did you mean '{close[0]}'?"
    return ": source the workspace that has it, or install it, and try again"


def interface_packages() -> Iterator[str]:
    """Name what looks like an interface package, without importing it."""
    for directory in {entry or os.curdir for entry in sys.path}:
        for kind in KINDS:
            for found in Path(directory).glob(f"*/{kind}/__init__.py"):
                yield found.parent.parent.name
