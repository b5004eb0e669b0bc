# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What rclpy is like: its private attributes, what old versions lack, what its conversion takes.

Also what is ours on its objects. Imports rclpy, and nothing of aiorcl but the extension. Invariant:
whatever breaks when rclpy renames a private attribute is in ``private.py``, ``private_actions.py``,
or ``src/core/python/private_names.hpp``.
"""
