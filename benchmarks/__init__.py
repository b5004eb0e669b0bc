# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what each executor costs per message; run as ``python -m benchmarks``."""
