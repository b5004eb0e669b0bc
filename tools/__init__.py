# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What tests, demo, benchmarks and the sessions of noxfile.py share; not part of the package.
