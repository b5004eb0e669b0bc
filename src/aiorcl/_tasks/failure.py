# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How a future of rclpy gets an error of ours."""

from __future__ import annotations

from typing import Any

import rclpy.task


def fail(future: rclpy.task.Future[Any], error: Exception) -> None:
    """Give a future that is not done an error, which is told to who awaits it and nobody else.

    That one may be cancelled before it wakes up, and rclpy would complain of an error that nobody
    has fetched.
    """
    if not future.done():
        future.set_exception(error)
        future.exception()  # which notes that it was fetched
