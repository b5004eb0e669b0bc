# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests that need more than one process, or a process of their own.
