# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Patterns for nanobind's stubgen: what it cannot know. rclpy names its extension otherwise in types.

aiorcl\._core\.RclError$:
    \from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
    class RclError(_rclpy.RCLError):
        pass

# Where an import that comes again finds its names: nobody else's.
__names__$:
