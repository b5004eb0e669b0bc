# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What rclpy.timer is to say: that a timer has a logger, and tells of its resets, with aiorcl.

from collections.abc import Callable

from rclpy.impl.rcutils_logger import RcutilsLogger

class Timer:
    logger: RcutilsLogger
    def set_on_reset_callback(self, callback: Callable[[int], None] | None) -> None: ...
