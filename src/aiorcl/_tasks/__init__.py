# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What is awaited and owned: futures, tasks, the steps of coroutines, errors, worker threads.

Imports ``_loop`` and below; knows no node and no entity of rclpy. Invariant: whatever the executor
has started it also ends, and no exception of it is lost.
"""
