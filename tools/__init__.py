# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What tests, demo, benchmarks and ./dev lint share; not part of the package.
