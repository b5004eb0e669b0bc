# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``aiorcl stubs``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from aiorcl._stubs.files import replace
from aiorcl._stubs.modules import MARK, module_text, packages_held_by
from aiorcl._stubs.packages import Package, find_package

_OUTPUT = "typings"

_EPILOG = """\
Type checkers and editors then know the fields of messages: what 'message.dta' is, they say before
the node runs. With a package those are written whose messages it holds.

pyright, and editors by it, finds the stubs in ./typings by itself. mypy looks for them where Python
looks for modules:

  aiorcl stubs std_msgs nav_msgs my_robot_msgs
  PYTHONPATH="typings:$PYTHONPATH" mypy .

Or write them into the environment, for both: --output "$VIRTUAL_ENV"/lib/python3.*/site-packages
"""


def add_stubs_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``aiorcl``."""
    parser = commands.add_parser(
        "stubs",
        usage="aiorcl stubs [-h] [--output DIR] PACKAGE [PACKAGE ...]",
        help="write type stubs of interface packages, for editors and type checkers",
        description="Write type stubs of installed interface packages.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="std_msgs, for example")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(_OUTPUT),
        metavar="DIR",
        help="where the directories PACKAGE-stubs are written (default: ./%(default)s)",
    )


def write_stubs(options: argparse.Namespace) -> int:
    """Write the stubs and say which.

    :raises StubsError: if there are none to be written, or they cannot be; then none are.
    """
    packages = _with_those_held(options.packages)
    replace(options.output, {name: _texts(package) for name, package in packages.items()})
    for name in packages:
        held = "" if name in options.packages else f", which {_holders(name, packages)} needs"
        print(f"{options.output / name}-stubs{held}")
    return 0


def _with_those_held(names: Sequence[str]) -> dict[str, Package]:
    packages: dict[str, Package] = {}
    asked = list(dict.fromkeys(names))
    while asked:
        name = asked.pop(0)
        if name not in packages:
            packages[name] = find_package(name)
            asked += sorted(_held_by(packages[name]))
    return packages


def _held_by(package: Package) -> set[str]:
    return {
        held
        for interfaces in package.interfaces.values()
        for interface in interfaces
        for held in packages_held_by(interface)
    } - {package.name}


def _holders(name: str, packages: dict[str, Package]) -> str:
    return next(each for each, package in packages.items() if name in _held_by(package))


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
