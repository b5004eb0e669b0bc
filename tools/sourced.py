# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The ROS that is sourced where ./dev is called.

from __future__ import annotations

import os

_VARIABLES = (
    "AMENT_PREFIX_PATH",
    "CMAKE_PREFIX_PATH",
    "COLCON_PREFIX_PATH",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "RMW_IMPLEMENTATION",
    "ROS_DISTRO",
    "ROS_DOMAIN_ID",
    "_ROS_WHEELS_BOOTSTRAP_COMPLETE",
)


def taken_from_environment() -> dict[str, str]:
    """Take what a ROS that is sourced has set out of the environment, and return it.

    Sessions use the ROS of PyPI: one that is sourced would mix with it, but for the session that
    asks for it. Nor may a Python of one distro pass on to the other what the wheels set.
    """
    return {name: os.environ.pop(name) for name in _VARIABLES if name in os.environ}
