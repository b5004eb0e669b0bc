# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What a shell may complete, by argcomplete, which completes ``ros2`` too."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from argcomplete.completers import FilesCompleter
from argcomplete.finders import CompletionFinder
from argcomplete.lexers import split_line

from aiorcl_command.parser import Completer, make_parser
from aiorcl_command.ros_arguments import BEGIN, what_follows


def complete() -> NoReturn:
    """Answer a shell that asks what may follow, and exit."""
    _Finder()(make_parser(_COMPLETERS))
    sys.exit(0)


class _Finder(CompletionFinder):
    """Knows where a command line goes on with what is not for its parser.

    There argcomplete would go on with the options of the command: behind ``--ros-args`` of ``aiorcl
    run`` and ``aiorcl container``, where ROS has its own, and behind the module of ``aiorcl exec -m
    MODULE``, where nothing is named, so that the shell names files.
    """

    def collect_completions(
        self, active_parsers: Any, parsed_args: argparse.Namespace, cword_prefix: str
    ) -> list[str]:
        if getattr(parsed_args, "module", None) is not None:
            return []
        runs_nodes = getattr(parsed_args, "command", None) in ("run", "container")
        of_ros = what_follows(_words()) if runs_nodes else None
        if of_ros is not None:
            return [each for each in of_ros if each.startswith(cword_prefix)]
        found: list[str] = super().collect_completions(active_parsers, parsed_args, cword_prefix)
        if runs_nodes and cword_prefix and BEGIN.startswith(cword_prefix):
            found.append(BEGIN)
        return found


def _words() -> list[str]:
    """Return the words in front of the one that the shell asks of."""
    line = os.environ["COMP_LINE"].encode()[: int(os.environ["COMP_POINT"])]
    words: list[str] = split_line(line.decode(errors="ignore"))[3]
    return words


def _nodes(prefix: str, **_: Any) -> Iterator[str]:
    """Name modules, and behind the colon of one, which is imported, the nodes that it has."""
    sys.path.insert(0, str(Path.cwd()))
    module_name, colon, _name = prefix.partition(":")
    if not colon:
        yield from _modules(module_name)
        return
    from aiorcl._program.find import names_of_nodes

    yield from (f"{module_name}:{name}" for name in names_of_nodes(module_name))


def _module_names(prefix: str, **_: Any) -> Iterator[str]:
    """Name modules, with those of a package once its name is there."""
    sys.path.insert(0, str(Path.cwd()))
    yield from _modules(prefix)


def _programs(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> Iterator[str]:
    """Name scripts, and packages with executables; behind one of those its executables."""
    before = parsed_args.program
    if len(before) > 1:
        return
    if before:
        yield from _executables(before[0])
        return
    yield from FilesCompleter()(prefix)
    for directory in _ament_prefixes():
        yield from (found.name for found in directory.glob("lib/*/") if any(found.iterdir()))
    for found in importlib.metadata.distributions():
        if found.entry_points.select(group="console_scripts"):
            yield found.metadata["Name"]


def _interface_packages(**_: Any) -> Iterator[str]:
    """Name packages whose stubs can be written."""
    from aiorcl._stubs.packages import interface_packages

    yield "rclpy"
    yield from interface_packages()


def _modules(prefix: str) -> Iterator[str]:
    package, dot, _ = prefix.rpartition(".")
    path = None
    if package:
        # Not by an import: a package may do anything in one, and nobody has asked to run it yet.
        path = [str(Path(entry, *package.split("."))) for entry in sys.path]
    for found in pkgutil.iter_modules(path):
        if not found.name.startswith("_"):
            yield f"{package}{dot}{found.name}"


def _executables(package: str) -> Iterator[str]:
    for directory in _ament_prefixes():
        yield from (found.name for found in directory.glob(f"lib/{package}/*") if found.is_file())
    try:
        entry_points = importlib.metadata.distribution(package).entry_points
    except importlib.metadata.PackageNotFoundError:
        return
    yield from (found.name for found in entry_points.select(group="console_scripts"))


def _ament_prefixes() -> list[Path]:
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return [Path(prefix) for prefix in prefixes if prefix]


_COMPLETERS: dict[str, Completer] = {
    "nodes": _nodes,
    "module": _module_names,
    "program": _programs,
    "packages": _interface_packages,
}
