# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Pairs of programs that do the same: before, and after.
