# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Says what the import of aiorcl changes in classes and modules of rclpy.
"""Each a line: the class, or else the module, and the attribute."""

from __future__ import annotations

import sys

from rclpy import action, lifecycle, parameter_client  # noqa: F401  # all that aiorcl imports
from rclpy.impl.implementation_singleton import rclpy_implementation


def rclpys() -> dict[str, object]:
    """Return all modules of rclpy that are imported, and its extension."""
    modules = {name: module for name, module in sys.modules.items() if name.startswith("rclpy")}
    return {**modules, "_rclpy": rclpy_implementation}


def attributes() -> dict[tuple[object, str], tuple[str, object]]:
    """Return what each class and module has, by itself and the name; and how both are called."""
    found: dict[tuple[object, str], tuple[str, object]] = {}
    for name, module in rclpys().items():
        for key, value in list(vars(module).items()):
            found[name, key] = f"{name}.{key}", value
            if isinstance(value, type) and "rclpy" in value.__module__:
                for attribute, what in list(vars(value).items()):
                    found[value, attribute] = f"{value.__qualname__}.{attribute}", what
    return found


def main() -> None:
    """Look before and after."""
    modules, before = set(rclpys()), attributes()
    import aiorcl  # noqa: F401

    assert set(rclpys()) == modules, set(rclpys()) - modules  # of which nothing was looked at
    for key, (name, value) in attributes().items():
        if key not in before or before[key][1] is not value:
            print(name)


main()
