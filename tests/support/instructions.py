# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# Where tests may have something happen before an instruction of Python.

from __future__ import annotations

import sys

import pytest

#: Of tests that trace instructions.
TRACES_INSTRUCTIONS = pytest.mark.skipif(
    sys.version_info[:2] == (3, 12),
    reason="CPython 3.12 may crash, or trace nothing, where instructions are traced",
)
