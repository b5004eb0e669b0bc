# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What the tests stand on: contexts, executors, child processes, counters.
