# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Stubs of interface packages, for type checkers: what the command ``aiorcl stubs`` writes.

Imports nothing else of aiorcl. Invariant: a stub package is there as a whole or not at all.
"""
