# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Tests of aiorcl stubs, by the type checkers that read them.
