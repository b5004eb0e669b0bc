# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What rclpy is like: attributes that we read, what old versions lack, what its conversion takes.

Imports rclpy, and nothing of aiorcl. Whatever breaks when rclpy renames a private attribute is
here.
"""
