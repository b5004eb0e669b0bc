# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Requests of action clients that are made, or made again, without the user.

Imports nothing of ``_tasks`` but what is inline, how futures fail, how long is waited, and the
states of goals. Invariant: only what changes nothing if it comes twice is sent again, and rclpy
gets one answer to it.
"""
