# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.lifecycle.managed_entity is to say: lifecycle nodes, which are managed entities to
# rclpy, may have coroutine functions as callbacks of transitions.

from typing import Any, TypeAlias

from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy

# Any, so that a coroutine function may override what returns it; and not alone, so that a plain
# function may hand it on.
_Returned: TypeAlias = _rclpy.TransitionCallbackReturnType | Any

class ManagedEntity:
    def on_configure(self) -> _Returned: ...
    def on_cleanup(self) -> _Returned: ...
    def on_shutdown(self) -> _Returned: ...
    def on_activate(self) -> _Returned: ...
    def on_deactivate(self) -> _Returned: ...
    def on_error(self) -> _Returned: ...
