# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Whole programs: from the command line to the end of ROS.

Imports the executor, and everything below it; only ``aiorcl`` itself and the command line import
it, and ``pytest_aiorcl`` how nodes end. Invariant: however a program ends, its nodes are destroyed
while ROS is up, and the handlers of signals are put back.
"""
