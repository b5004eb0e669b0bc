# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What the command ``aiorcl stubs`` does."""

from __future__ import annotations

import argparse

from aiorcl._stubs.amended import packages_held_by_rclpy, rclpy_stubs
from aiorcl._stubs.files import replace
from aiorcl._stubs.modules import MARK, module_text, packages_held_by
from aiorcl._stubs.packages import Package, find_package


def write_stubs(options: argparse.Namespace) -> int:
    """Write the stubs and say which.

    :raises StubsError: if there are none to be written, or they cannot be; then none are.
    """
    stubs: dict[str, dict[str, str]] = {}
    needed_by = dict.fromkeys(options.packages, "")
    while left := [name for name in needed_by if name not in stubs]:
        for name in left:
            stubs[name], held = _stubs_of(name)
            for each in sorted(held):
                needed_by.setdefault(each, f", which {name} needs")
    replace(options.output, stubs)
    for name, why in needed_by.items():
        print(f"{options.output / name}-stubs{why}")
    return 0


def _stubs_of(name: str) -> tuple[dict[str, str], set[str]]:
    """Return the texts of the stubs of a package, and what packages they need."""
    if name == "rclpy":
        texts = rclpy_stubs()
        return texts, packages_held_by_rclpy(texts)
    package = find_package(name)
    held: set[str] = set()
    for interfaces in package.interfaces.values():
        held.update(*map(packages_held_by, interfaces))
    return _texts(package), held


def _texts(package: Package) -> dict[str, str]:
    texts = {"__init__.pyi": f"{MARK}\n"}
    for kind, interfaces in package.interfaces.items():
        lines = [MARK, ""]
        for interface in interfaces:
            lines += [
                f"from {interface.module} import {name} as {name}" for name in interface.exported
            ]
            file = interface.module.rpartition(".")[2]
            texts[f"{kind}/{file}.pyi"] = module_text(interface)
        texts[f"{kind}/__init__.pyi"] = "\n".join([*lines, ""])
    return texts
