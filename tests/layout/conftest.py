# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# The extension is built for another layout than that of the ROS which runs, so the package refuses
# it: here its modules are imported without that.

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from types import ModuleType

import rclpy.impl.implementation_singleton  # noqa: F401  # loads librcl

# rosidl imports lark with the first message type, and lark imports a deprecated module.
with warnings.catch_warnings(action="ignore"):
    importlib.import_module("lark")

found = importlib.util.find_spec("aiorcl")
assert found is not None
package = ModuleType("aiorcl")
package.__path__ = found.submodule_search_locations or []
sys.modules["aiorcl"] = package
