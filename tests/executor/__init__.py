# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of the executor as a whole: what it promises whatever its parts are.
