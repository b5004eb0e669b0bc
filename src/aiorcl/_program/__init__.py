# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Whole programs: from the command line to the end of ROS.

Imports the executor, and everything below it. Nothing imports this package but ``aiorcl`` itself
and the command line.
"""
