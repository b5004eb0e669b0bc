# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Patterns for nanobind's stubgen: what it cannot know. rclpy names its extension otherwise in types.

aiorcl\._core\.RclError$:
    \from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
    class RclError(_rclpy.RCLError):
        pass

# What is one can be closed.
aiorcl\._core\.is_coroutine$:
    \from collections.abc import Coroutine
    \from typing import Any, TypeGuard
    def is_coroutine(object: object | None) -> TypeGuard[Coroutine[Any, Any, Any]]:
        \doc

aiorcl\._core\.take_callbacks$:
    \from typing import Any
    def take_callbacks(future: object, cls: type) -> list[Any]: ...

# Where an import that comes again finds its names: nobody else's.
__names__$:
