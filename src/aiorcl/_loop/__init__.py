# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""How a thread gets its turn: what wakes it, who runs it now and how far, and which loop does.

Imports rclpy and the extension; knows tasks and nodes only as callables. Invariants:
other threads come in by the mailbox alone, and the loop is left as it was found when a run has
ended.
"""
