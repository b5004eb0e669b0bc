# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Finds nodes by the names that the command line gives them."""

from __future__ import annotations

import ast
import difflib
import functools
import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from rclpy.node import Node

from aiorcl._program.argument_error import ArgumentError
from aiorcl._program.entry_points import is_main
from aiorcl._program.signature import why_not_called_with


def find(call: str) -> Callable[[], object]:
    """Return what has this name, which may be followed by arguments in brackets.

    It makes a node, or is a coroutine function that takes the executor, or nothing.
    """
    name, arguments, keywords = _parsed(call)
    module_name, colon, path = name.partition(":")
    is_module = colon and path and os.sep not in name and all(module_name.split("."))
    if not is_module or _is_file(module_name):
        hint = _nodes_in(name) or _reformed(name)
        raise ArgumentError(f"'{name}' is not of the form package.module:NodeClass{hint}")
    found: Any = _import(module_name)
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            meant = _meant(part, _callables_in(found)) or _nodes_of(found)
            raise ArgumentError(f"'{module_name}' has no '{path}'{meant}") from None
    if not callable(found) or (isinstance(found, type) and not issubclass(found, Node)):
        raise ArgumentError(f"'{name}' is neither a node class nor a function, but {found!r}")
    mismatch = why_not_called_with(found, *arguments, **keywords)
    if is_main(found):
        if arguments:
            raise ArgumentError(
                f"'{call}' is a coroutine function, which gets the executor first: write "
                "its other arguments with their names"
            )
        if mismatch is not None:
            mismatch = why_not_called_with(found, "executor", **keywords)
    if mismatch is not None:
        how = "like that" if name != call else "without arguments"
        hint = f"; write '{name}(parameter=value)', with brackets" if name == call else ""
        raise ArgumentError(f"'{call}' cannot be called {how}: {mismatch}{hint}")
    return functools.partial(found, *arguments, **keywords)


def _parsed(call: str) -> tuple[str, list[Any], dict[str, Any]]:
    """Split the name of a node from the arguments, which are literals of Python."""
    name, bracket, _ = call.partition("(")
    if not bracket:
        return call, [], {}
    try:
        parsed = ast.parse(f"name{call[len(name) :]}", mode="eval").body
        if not isinstance(parsed, ast.Call) or not isinstance(parsed.func, ast.Name):
            raise ValueError
        arguments = [ast.literal_eval(each) for each in parsed.args]
        if any(each.arg is None for each in parsed.keywords):
            raise ValueError
        keywords = {str(each.arg): ast.literal_eval(each.value) for each in parsed.keywords}
    except (SyntaxError, TypeError, ValueError):  # a key that cannot be one, too
        raise ArgumentError(
            f"'{call}' has other arguments than numbers, strings, lists and the like: write "
            f"'{name}(parameter=1.5, other=\"text\")'"
        ) from None
    return name, arguments, keywords


def _is_file(name: str) -> bool:
    """Whether what ends by ``.py`` cannot be a module ``py`` of a package."""
    package, _, last = name.rpartition(".")
    if last != "py" or not package:
        return False
    try:
        found = importlib.util.find_spec(package)
    except (ModuleNotFoundError, ValueError):
        return True
    return found is None or found.submodule_search_locations is None


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not f"{name}.".startswith(f"{missing}."):
            raise  # it is there, and imports something that is not
    package, _, _ = missing.rpartition(".")
    path = getattr(sys.modules[package], "__path__", None) if package else None
    if package and path is None:
        raise ArgumentError(f"no module '{missing}': '{package}' is a module, not a package")
    beside = [f"{package}.{found.name}".lstrip(".") for found in pkgutil.iter_modules(path)]
    raise ArgumentError(f"no module '{missing}'{_meant(missing, beside)}")


def _reformed(name: str) -> str:
    """Suggest how to write what was given as a file, or with a dot for the colon."""
    place, _, path = name.partition(":")
    if not path and not place.endswith(".py"):
        place, _, path = place.rpartition(".")
    parts, where = place.split("."), ""
    if os.sep in place or place.endswith(".py"):
        file = Path(os.path.relpath(place.removesuffix(".py") or os.curdir))
        parts = list(file.parts)
        if os.pardir in parts:
            parts, where = [file.name], f" in {file.parent.resolve()}"
    if not parts or not all(part.isidentifier() for part in parts):
        return ""
    return f"; did you mean '{'.'.join(parts)}:{path or 'NodeClass'}'{where}?"


def _callables_in(found: object) -> list[str]:
    return [
        name
        for name, value in getattr(found, "__dict__", {}).items()
        if callable(value) and not name.startswith("_")
    ]


def _nodes_in(module_name: str) -> str:
    """List the nodes of a module that was named alone."""
    if not all(part.isidentifier() for part in module_name.split(".")):
        return ""
    try:
        if importlib.util.find_spec(module_name) is None:
            return ""
    except (ModuleNotFoundError, ValueError):
        return ""
    return _nodes_of(importlib.import_module(module_name), f"{module_name}:")


def _nodes_of(module: object, prefix: str = "") -> str:
    nodes = [f"{prefix}{name}" for name in _node_classes_of(module)]
    return f"; its nodes are {', '.join(nodes)}" if nodes else ""


def names_of_nodes(module_name: str) -> list[str]:
    """Import a module and name the node classes that it has; none if there is no such module."""
    try:
        return _node_classes_of(_import(module_name))
    except ArgumentError:
        return []


def _node_classes_of(module: object) -> list[str]:
    return [
        name
        for name, value in getattr(module, "__dict__", {}).items()
        if isinstance(value, type) and issubclass(value, Node) and value is not Node
    ]


def _meant(wrong: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(wrong, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
