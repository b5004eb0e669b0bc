# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""The interfaces of component containers, which come with ROS, not with aiorcl."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from aiorcl._program.argument_error import ArgumentError

_PACKAGE = "composition_interfaces"


@dataclass(frozen=True, slots=True)
class Interfaces:
    """The types of the services of a container."""

    load_node: Any
    unload_node: Any
    list_nodes: Any


def import_interfaces() -> Interfaces:
    """Import them; raise ArgumentError, with what to install, if this ROS lacks them."""
    try:
        services = importlib.import_module(f"{_PACKAGE}.srv")
    except ModuleNotFoundError as error:
        if error.name != _PACKAGE:
            raise
        raise ArgumentError(
            f"a container needs the interfaces {_PACKAGE}, which this ROS lacks: "
            f"apt install ros-$ROS_DISTRO-{_PACKAGE.replace('_', '-')}, and source ROS again"
        ) from None
    return Interfaces(services.LoadNode, services.UnloadNode, services.ListNodes)
