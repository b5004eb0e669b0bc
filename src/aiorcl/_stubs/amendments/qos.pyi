# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.qos is to say: on Jazzy it says nothing.

class QoSProfile:
    @property
    def depth(self) -> int: ...
