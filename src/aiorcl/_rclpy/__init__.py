# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What rclpy is like: the attributes of its objects that we read, and what old versions lack.

Imports rclpy, and nothing of aiorcl. Whatever breaks when rclpy renames a private attribute is
here.
"""
