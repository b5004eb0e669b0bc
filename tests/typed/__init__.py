# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What type checkers say of the API: checked by ./dev lint, and never run.
