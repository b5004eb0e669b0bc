# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""What is awaited and owned: futures, tasks, the steps of coroutines, errors, worker threads.

Imports ``_loop`` and below; knows nodes only as owners of coroutines, and of entities only the
clients whose answers are awaited. Invariant: whatever the executor has started it also ends, and no
exception of it is lost.
"""
