# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes and their entities: what is watched, for which executor, and who is told of its end.

Also how the executor ends, which lets go of all of it. Imports ``_tasks`` and below; does not know
the class of the executor. Invariant: an entity is watched by at most one executor at a time, and
let go before its handle is released.
"""
