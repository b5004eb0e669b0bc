# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the classes of components by the names that containers are given."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

from rclpy.node import Node

from aiorcl._program.container.load_error import LoadError, in_words

#: The group of entry points whose names are those of plugins.
GROUP = "rclpy_components"


def find_plugin(package: str, plugin: str) -> type[Node]:
    """Return the node class that a plugin is.

    By the entry points of a distribution, which for a package of ROS has its name; else a name of
    the form ``package.module::Class``, for which the package is not asked.

    :raises LoadError: if there is none, it cannot be imported, or it is something else.
    """
    points = _entry_points(package)
    found = next((each for each in points if each.name == plugin), None)
    module, separator, path = plugin.rpartition("::")
    if found is not None:
        plugin_class = _import(found.module, found.attr)
    elif separator and path and all(part.isidentifier() for part in module.split(".")):
        plugin_class = _import(module, path)
    else:
        raise LoadError(
            f"Failed to find class with the requested plugin name '{plugin}': {_hint(package)}"
        )
    if not (isinstance(plugin_class, type) and issubclass(plugin_class, Node)):
        raise LoadError(f"The plugin '{plugin}' is no node class, but {plugin_class!r}")
    return plugin_class


def _entry_points(package: str) -> list[importlib.metadata.EntryPoint]:
    try:
        distribution = importlib.metadata.distribution(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):  # no name at all
        return []
    return list(distribution.entry_points.select(group=GROUP))


def _hint(package: str) -> str:
    names = [each.name for each in _entry_points(package)]
    if names:
        return f"those of '{package}' are {', '.join(names)}"
    return f"'{package}' has no entry points '{GROUP}', and it is not of the form module::Class"


def _import(module_name: str, path: str) -> Any:
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise LoadError(f"Failed to import '{module_name}': {in_words(error)}") from error
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise LoadError(f"The module '{module_name}' has no '{path}'") from None
    return found
